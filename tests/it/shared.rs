//! Data that lies beside the repository on machines that have it.

use std::path::PathBuf;

/// A file of the shared data; says so and gives none when it is not there.
pub fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            println!("skipped: no shared data");
            None
        }
    }
}
