//! What is written is a sound Word file, reads back with the same words in the same order, and opens in LibreOffice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod office;
mod package;
mod samples;
mod words;
