//! A public log followed by the published reader of tiles, which knows nothing of ours but paths and bytes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use tlog_tiles::{HashReader, Tile, TileHashReader, TileReader};

use super::*;
use crate::shelf::Shelf;
use crate::signature::Target;
use crate::wire::{log_name, read_request, write_answer};

/// The node that serves, seen from outside.
struct Served<'a> {
    pair: &'a Pair,
    shelf: &'a MemoryShelf,
    asked: RefCell<BTreeSet<String>>,
}

impl Served<'_> {
    /// The body of an answer to somebody who has not said who he is.
    fn get(&self, rest: &str) -> Vec<u8> {
        self.asked.borrow_mut().insert(rest.to_owned());
        let path = format!("/o/{}/{rest}", log_name(&origin()));
        let (_, request) = read_request(Target { method: "GET", path: &path, query: "", body: b"" }).unwrap();
        let call = Call { origin: origin(), caller: None, request };
        let answer = write_answer(&self.pair.parent.read(self.shelf, &self.pair.directory, &call).unwrap());
        assert_eq!(answer.status, 200, "{rest}");
        answer.body
    }

    fn checkpoint(&self) -> tlog_tiles::Checkpoint {
        let note = signed_note::Note::from_bytes(&self.get("checkpoint")).unwrap();
        let vkey = NodeKey::from_seed(&[2; 32]).public().vkey(origin().as_str());
        let verifier = signed_note::StandardVerifier::new(&vkey).unwrap();
        assert_eq!(note.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).unwrap().0.len(), 1);
        tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap()
    }

    /// All entries, read as C2SP tlog-tiles says: each with its length in two bytes.
    fn entries(&self, size: u64) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for start in (0..size).step_by(256) {
            let width = u32::try_from((size - start).min(256)).unwrap();
            let mut bundle = self.get(&Tile::new(8, 0, start / 256, width, true).path().replacen("tile/8/data/", "tile/entries/", 1));
            while !bundle.is_empty() {
                let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
                entries.push(bundle[2..2 + length].to_vec());
                bundle.drain(..2 + length);
            }
        }
        entries
    }
}

impl TileReader for Served<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        // C2SP has fixed the height and leaves it out of the path.
        Ok(tiles.iter().map(|tile| self.get(&tile.path().replacen("tile/8/", "tile/", 1))).collect())
    }

    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

#[test]
fn the_published_reader_of_tiles_finds_every_entry_and_that_the_log_only_grew() {
    let (mut pair, mut below, mut above) = (pair(), MemoryShelf::new(), MemoryShelf::new());
    let mut before: Option<(u64, tlog_tiles::Hash)> = None;
    for goal in [1, 2, 255, 256, 257, 700] {
        for number in below.rows(&origin()).len() as u64..goal {
            write(&mut below, number);
        }
        bring_up(&mut pair, &mut below, &mut above);
        let served = Served { pair: &pair, shelf: &above, asked: RefCell::default() };
        let checkpoint = served.checkpoint();
        let (size, root) = (checkpoint.size(), *checkpoint.hash());
        assert_eq!(size, goal);
        let reader = TileHashReader::new(size, root, &served);
        let places: Vec<u64> = (0..size).map(|index| tlog_tiles::stored_hash_index(0, index)).collect();
        let leaves = reader.read_hashes(&places).unwrap();
        let entries: Vec<tlog_tiles::Hash> = served.entries(size).iter().map(|entry| tlog_tiles::record_hash(entry)).collect();
        assert_eq!(leaves, entries);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        if let Some((old, old_root)) = before {
            let proof = tlog_tiles::prove_tree(size, old, &reader).unwrap();
            tlog_tiles::check_tree(&proof, size, root, old, old_root).unwrap();
            assert!(tlog_tiles::check_tree(&proof, size, root, old, tlog_tiles::Hash([7; 32])).is_err());
        }
        before = Some((size, root));
        if goal == 700 {
            let asked = served.asked.borrow();
            assert!(["tile/1/000.p/2", "tile/0/002.p/188", "tile/entries/002.p/188"].iter().all(|path| asked.contains(*path)), "{asked:?}");
        }
        // A receipt out of what its owner holds is the one that this reader proves.
        let receipt = crate::receipt::Receipt::make(&below, &origin(), size / 2).unwrap().unwrap();
        let proof = tlog_tiles::prove_record(size, size / 2, &reader).unwrap();
        tlog_tiles::check_record(&proof, size, root, size / 2, tlog_tiles::Hash(receipt.leaf().0)).unwrap();
        let (head, _) = receipt.to_string().split_once("\n\n").map(|(head, note)| (head.to_owned(), note.to_owned())).unwrap();
        let written: Vec<tlog_tiles::Hash> = head.lines().skip(3).map(|line| tlog_tiles::Hash::parse_hash(line).unwrap()).collect();
        assert_eq!(written, proof);
    }
}

#[test]
fn the_published_reader_notices_a_tile_that_was_tampered_with() {
    let (mut pair, mut below, mut above) = (pair(), shelf_of(300), MemoryShelf::new());
    bring_up(&mut pair, &mut below, &mut above);
    let checkpoint = Served { pair: &pair, shelf: &above, asked: RefCell::default() }.checkpoint();
    let other = shelf_of(300);
    let mut forged = above.clone();
    forged.cut(&origin(), 0).unwrap();
    for row in other.rows(&origin()) {
        forged.append(&origin(), ledger::EntryRow::clone(row), false).unwrap();
    }
    let kept = above.log(&origin()).unwrap().unwrap();
    let log = forged.log(&origin()).unwrap().unwrap();
    forged.keep(&origin(), &crate::shelf::HeldLog { checkpoint: kept.checkpoint, ..log }).unwrap();
    let served = Served { pair: &pair, shelf: &forged, asked: RefCell::default() };
    let reader = TileHashReader::new(checkpoint.size(), *checkpoint.hash(), &served);
    assert!(reader.read_hashes(&[tlog_tiles::stored_hash_index(0, 5)]).is_err());
}
