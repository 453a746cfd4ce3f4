//! `lienvung-sim`: runs seeds of the simulation and says which broke a promise.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use simulator::{Options, Sabotage, run};

/// The exchange between nodes under faults. Without `--seed`, runs `--seeds` seeds from `--from` on.
#[derive(Parser)]
#[command(name = "lienvung-sim", version)]
struct Arguments {
    /// Repeat one seed and tell what happens.
    #[arg(long)]
    seed: Option<u64>,
    /// First seed; by chance when none is given.
    #[arg(long)]
    from: Option<u64>,
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// Steps of each.
    #[arg(long, default_value_t = 500)]
    steps: u32,
    /// Nobody above changes keys, moves records or suspends logs.
    #[arg(long)]
    without_acts: bool,
    /// The heads of two nodes let their data go by hand.
    #[arg(long)]
    releases: bool,
    /// A fault built in on purpose, which the checks must find.
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
}

impl Arguments {
    fn options(&self, seed: u64, tells: bool) -> Options {
        Options { seed, steps: self.steps, sabotage: self.sabotage, acts: !self.without_acts, releases: self.releases, tells }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        let outcome = run(arguments.options(seed, true));
        for line in &outcome.told {
            println!("{line}");
        }
        println!("{outcome}");
        return if outcome.violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let from = arguments.from.unwrap_or_else(rand::random);
    let start = Instant::now();
    let mut entries = 0;
    let mut broken = 0;
    for seed in (0..arguments.seeds).map(|offset| from.wrapping_add(offset)) {
        let outcome = run(arguments.options(seed, false));
        entries += outcome.entries;
        if let Some(violation) = &outcome.violation {
            broken += 1;
            let sabotage = arguments.sabotage.map(|sabotage| format!(" --sabotage {sabotage}")).unwrap_or_default();
            let acts = if arguments.without_acts { " --without-acts" } else { "" };
            let releases = if arguments.releases { " --releases" } else { "" };
            println!("{violation}\n  lienvung-sim --seed {seed} --steps {}{sabotage}{acts}{releases}", arguments.steps);
            if broken == 10 {
                break;
            }
        }
    }
    println!(
        "{} seeds × {} steps, {entries} entries, {broken} broken, {:.1} s",
        arguments.seeds,
        arguments.steps,
        start.elapsed().as_secs_f64()
    );
    if broken > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
