//! The product as a whole: real files, a real ledger, the real router. One binary, one module a behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs, reason = "tests")]

mod archive;
mod bad_input;
mod beside;
mod code_list;
mod conclusion;
mod contract;
mod council;
mod council_secrecy;
mod counts;
mod crash;
mod database;
mod demo_board;
mod exchange;
mod form_version;
mod generate;
mod held_record;
mod journey;
mod merger;
mod neighbours;
mod own_catalogue;
mod people;
mod permission;
mod proposal;
mod receipt;
mod routes;
mod shared;
mod sheet;
mod sheet_upload;
mod step;
mod task;
mod task_page;
mod task_walk;
mod visit;
mod weight;
mod working_calendar;
