//! The files of the catalogue are compiled in; a new file is a change too.

fn main() {
    println!("cargo:rerun-if-changed=../../catalogue");
}
