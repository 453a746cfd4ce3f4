# The habits of the house. `just` alone lists them. Everything here is a plain command that can be typed by hand.

default:
    @just --list

# Start the demonstration with its own data folder (kept for the next start).
demo *arguments:
    cargo run --release -- demo {{ arguments }}

# What must be green before a change is handed in.
check: format-check lint test licences links

# Run all tests that need neither network nor browser.
test:
    cargo test --workspace

# Lint, with warnings as errors.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Format the Rust code.
format:
    cargo fmt --all

format-check:
    cargo fmt --all --check

# Check licences and unwanted crates.
licences:
    python3 -m doctest scripts/licences.py
    python3 scripts/licences.py

# Check the links of the book and the Markdown files.
links:
    python3 -m doctest scripts/links.py
    python3 scripts/links.py

# Browser tests: needs node and chromium; takes some minutes.
ui:
    cargo build
    cd tests/ui && npm ci && npm test

# Pictures of the main pages into tests/ui/shots.
shots:
    cargo build
    cd tests/ui && npm ci && npm run shots

# Measurements, each beside its limit measured in the same run.
bench:
    cargo bench --bench measure

# A thousand rounds of kill -9 while eight writers work.
crash:
    LIENVUNG_KILL_ROUNDS=1000 cargo test --test it crash -- --nocapture

# The exchange between nodes under faults: ten thousand seeds, or what you give (`just simulate --seed 7`).
simulate *arguments="--seeds 10000":
    cargo run --release -p simulator -- {{ arguments }}

# The ledger's tests on a throwaway PostgreSQL; needs the distribution's package postgresql.
postgres:
    scripts/postgres run cargo test -p ledger postgres
    scripts/postgres run cargo test --test it database

# The book as HTML in book/out; needs mdbook.
book:
    mdbook build book

# Everything that CI runs.
ci:
    bash .ci/run

# How well the search answers the judged set, when it lies beside the project.
eval docs="../shared/data/search/law/docs.jsonl.gz" queries="../shared/data/search/law/queries-open.jsonl":
    cargo run --release -- eval --docs {{ docs }} --queries {{ queries }} --beside
    cargo run --release -- eval --docs {{ docs }} --overlap
