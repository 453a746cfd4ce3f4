//! Files that the office makes: sent while they are written, so that a list of a million rows takes no memory.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use futures_util::StreamExt;
use office::{Office, OfficeError};
use tokio::sync::mpsc::{Sender, channel};

use crate::errors::{Answer, Failure};
use crate::service::App;

/// Bytes sent at a time.
const PIECE: usize = 64 * 1024;
/// Pieces that may wait for a slow reader; then the writing waits.
const WAITING: usize = 4;

/// A file written by `work` on a blocking thread. What goes wrong before the first piece is an answer of its own; later it breaks the connection, so
/// that half a file is never taken for a whole one.
pub(crate) async fn file(
    app: &App,
    name: &str,
    kind: &'static str,
    work: impl FnOnce(&Office, &mut (dyn Write + Send)) -> Result<u64, OfficeError> + Send + 'static,
) -> Answer {
    let (sender, mut receiver) = channel::<Result<Bytes, OfficeError>>(WAITING);
    let office = app.office.clone();
    tokio::task::spawn_blocking(move || {
        let mut out = Pieces { sender, buffer: Vec::with_capacity(PIECE) };
        let outcome = work(&office, &mut out).and_then(|_| Ok(out.flush()?));
        if let Err(error) = outcome {
            // Nobody to tell when the reader has gone.
            let _ = out.sender.blocking_send(Err(error));
        }
    });
    let first = receiver.recv().await.transpose().map_err(Failure::from)?;
    // Fused: the compression asks once more after the end.
    let pieces = futures_util::stream::unfold((first, receiver), |(ready, mut receiver)| async move {
        let piece = match ready {
            Some(piece) => Ok(piece),
            None => receiver.recv().await?.map_err(|error| io::Error::other(error.to_string())),
        };
        Some((piece, (None, receiver)))
    })
    .fuse();
    let mut response = Body::from_stream(pieces).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Gathers what is written into pieces and sends them.
struct Pieces {
    sender: Sender<Result<Bytes, OfficeError>>,
    buffer: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
