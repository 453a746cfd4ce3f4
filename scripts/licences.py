#!/usr/bin/env python3
"""Checks the licences of everything the program is built from, and that no unwanted crate has crept in.

It reads `cargo metadata`, so it builds nothing and needs no network once the crates are there. `cargo deny` reads the same rules from
deny.toml; this script is what CI runs, because building that tool takes longer than building the product.

    python3 scripts/licences.py          # exit 1 and one line per problem
    python3 scripts/licences.py --list   # every crate with version, licence and where it is used
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ALLOWED = {
    "MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib",
    "Unicode-3.0", "CDLA-Permissive-2.0", "0BSD", "CC0-1.0", "BSL-1.0",
}
# Copyleft by file: fine beside the product (tests, optional features), not inside it.
ALLOWED_OUTSIDE_THE_PRODUCT = {"MPL-2.0"}
# These need a C++ compiler, cmake or a system library, or bring a second TLS or crypto stack.
UNWANTED = {"aws-lc-sys", "aws-lc-rs", "openssl-sys", "openssl", "native-tls", "cmake", "bindgen", "clang-sys"}


def tokens(expression):
    """Splits an SPDX expression. A slash is how old crates write OR.

    >>> tokens("(MIT OR Apache-2.0) AND Unicode-3.0")
    ['(', 'MIT', 'OR', 'Apache-2.0', ')', 'AND', 'Unicode-3.0']
    >>> tokens("Apache-2.0 WITH LLVM-exception/MIT")
    ['Apache-2.0 WITH LLVM-exception', 'OR', 'MIT']
    """
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    result = []
    while words:
        word = words.pop(0)
        if word == "WITH" and result and words:
            result[-1] += " WITH " + words.pop(0)
        else:
            result.append(word)
    return result


def satisfied(expression, allowed):
    """Whether the expression can be met with allowed licences only.

    >>> satisfied("MIT OR GPL-3.0-only", {"MIT"})
    True
    >>> satisfied("MIT AND GPL-3.0-only", {"MIT"})
    False
    >>> satisfied("(MIT OR GPL-2.0-only) AND Unicode-3.0", {"MIT", "Unicode-3.0"})
    True
    >>> satisfied("MIT OR Apache-2.0 AND GPL-2.0-only", {"MIT"})
    True
    >>> satisfied("", {"MIT"})
    False
    """
    queue = tokens(expression)

    def either():
        result = both()
        while queue and queue[0] == "OR":
            queue.pop(0)
            right = both()
            result = result or right
        return result

    def both():
        result = single()
        while queue and queue[0] == "AND":
            queue.pop(0)
            right = single()
            result = result and right
        return result

    def single():
        if not queue:
            return False
        word = queue.pop(0)
        if word != "(":
            return word in allowed
        result = either()
        if queue and queue[0] == ")":
            queue.pop(0)
        return result

    result = either()
    return result and not queue


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if answer.returncode != 0:
        sys.exit("licences: cargo metadata failed (see above)")
    return json.loads(answer.stdout)


def reachable(data, with_dev):
    """Ids of the packages that the workspace needs: without dev-dependencies these are the ones inside the product or its build."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    members = set(data["workspace_members"])
    waiting, seen = list(members), set()
    while waiting:
        package = waiting.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if kinds == {"dev"} and not with_dev:
                continue
            waiting.append(dependency["pkg"])
    return seen


def front_end_problems():
    """The browser tests' packages: licences as the lock file names them, and no download address in it."""
    lock = ROOT / "tests/ui/package-lock.json"
    if not lock.exists():
        return []
    text = lock.read_text(encoding="utf-8")
    problems = []
    for path, package in json.loads(text)["packages"].items():
        if path and not satisfied(package.get("license", ""), ALLOWED | ALLOWED_OUTSIDE_THE_PRODUCT):
            problems.append(f"{path}: licence {package.get('license')!r} is not on the list")
    if '"resolved": "http' in text:
        problems.append("tests/ui/package-lock.json: names download addresses; run npm inside tests/ui, where .npmrc leaves them out")
    return problems


def main():
    data = metadata()
    packages = {package["id"]: package for package in data["packages"]}
    product, everything = reachable(data, with_dev=False), reachable(data, with_dev=True)
    problems = front_end_problems()
    lines = []
    for identity in sorted(everything, key=lambda identity: packages[identity]["name"]):
        package = packages[identity]
        name, version, licence = package["name"], package["version"], package["license"] or ""
        inside = identity in product
        lines.append(f"{name} {version}\t{licence or 'licence file'}\t{'product' if inside else 'tests'}")
        allowed = ALLOWED if inside else ALLOWED | ALLOWED_OUTSIDE_THE_PRODUCT
        if not satisfied(licence, allowed):
            problems.append(f"{name} {version}: licence {licence!r} is not on the list for {'the product' if inside else 'tests'}")
        if name in UNWANTED:
            problems.append(f"{name} {version}: unwanted crate; find who needs it with `cargo tree -i {name}`")
    if "--list" in sys.argv:
        print("\n".join(lines))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"licences: {len(everything)} crates checked, {len(product)} of them in the product, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
