//! `lienvung`: the one program. Command line, configuration, start-up, demo.

#[macro_use]
mod words;
mod command;
mod config;
mod demo;
mod generator;
mod neighbours;

use std::process::ExitCode;

use clap::Parser;

use crate::command::{Arguments, run};
use crate::words::Words;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let words = Words::of(arguments.lang);
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("LIENVUNG_LOG").unwrap_or_else(|_| "warn,tantivy=error".into()))
        .with_writer(std::io::stderr)
        .init();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}: {}", words.say("Lỗi", "Error"), words.error(&error));
            ExitCode::FAILURE
        }
    }
}
