//! Pages and HTTP API: the shell around every page (layout, languages, look, error pages, protecting headers, limits) and the parts pages are built from.
//!
//! Start from [`page::Page`], the extractor that knows language, reader and place; from the structs in [`parts`], which are filled in and printed
//! in a template with `{{ part }}`; and from [`shell::mirrored`] and [`shell::finish`], which serve routes in both languages.
//!
//! ```
//! use axum::{Router, routing::get};
//! use std::sync::Arc;
//! use web::errors::Answer;
//! use web::page::{Page, Site};
//!
//! async fn hello(page: Page) -> Answer {
//!     page.go("/chi-dao")
//! }
//!
//! let pages = Router::new().route("/chao", get(hello));
//! let app: Router = web::shell::finish(web::shell::mirrored(pages), Arc::new(Site::default()));
//! # let _ = app;
//! ```

mod administration;
mod archive;
pub mod assets;
mod attached_file;
mod ballot;
mod blocks;
mod board;
mod boundaries;
mod code_lists;
mod connection_report;
mod contract;
mod council;
mod document;
mod download;
pub mod errors;
pub mod filters;
pub mod form;
mod form_versions;
pub mod format;
mod import;
mod inheritance;
mod interface;
pub mod lang;
mod line;
pub mod links;
pub mod list;
mod matching;
mod news;
mod node_calls;
mod nodes;
mod overlap;
mod overlap_call;
pub mod page;
mod papers;
pub mod parts;
mod portal;
mod province;
mod record_form;
mod record_page;
mod records;
mod region;
mod register_list;
mod result;
mod returned;
mod saved_search;
mod sending;
mod service;
mod sheet_import;
mod sheet_upload;
pub mod shell;
mod sign_in;
mod steps;
mod task;
mod tls;
mod work;
mod working_calendar;

#[cfg(test)]
mod gallery;

pub use line::HttpLine;
pub use service::{Options, router, serve};
pub use tls::{Certificate, CertificateFault};
