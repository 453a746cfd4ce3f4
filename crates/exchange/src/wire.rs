//! Calls and answers as bytes: method, path, query and body of a request, status and body of an answer (LV-Log/1 §4). The carrier adds nothing to them.

use std::io::Read;

use ledger::{FileGap, FileRef, LeafHash, Origin};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::protocol::{Answer, Head, Possession, Refusal, Request};
use crate::signature::Target;
use crate::tile::TilePlace;

/// A request as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// `GET`, `POST` or `PUT`.
    pub method: &'static str,
    /// The path below the common prefix.
    pub path: String,
    /// The query without its question mark.
    pub query: String,
    /// The body as sent.
    pub body: Vec<u8>,
    /// How the body is packed.
    pub coding: Coding,
}

/// How a body is packed: its `Content-Encoding` (RFC 9110 §8.4). This program packs with zstd and reads both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// The word in the header; none for a body that is as it is.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Zstd => Some("zstd"),
        }
    }

    /// Reads the header; none when it names something else.
    pub fn of(header: Option<&[u8]>) -> Option<Coding> {
        match header {
            None | Some(b"identity") => Some(Coding::Identity),
            Some(b"gzip") => Some(Coding::Gzip),
            Some(b"zstd") => Some(Coding::Zstd),
            Some(_) => None,
        }
    }
}

/// Bodies below this are sent as they are.
const WORTH_COMPRESSING: usize = 1_400;
/// The level of zstd: more of it gains little and costs much.
const LEVEL: i32 = 3;
/// Longest stretch that an unpacked body may look back over, as a power of two: no body is longer than 32 MiB.
const WINDOW: u32 = 25;

impl Wire {
    /// Compresses the body when that makes it shorter. It comes before the signature, which is over what is sent.
    pub fn compress(&mut self) {
        if self.coding != Coding::Identity || self.body.len() < WORTH_COMPRESSING {
            return;
        }
        if let Ok(packed) = zstd::bulk::compress(&self.body, LEVEL)
            && packed.len() < self.body.len()
        {
            (self.body, self.coding) = (packed, Coding::Zstd);
        }
    }

    /// What of it is signed.
    pub fn target(&self) -> Target<'_> {
        Target { method: self.method, path: &self.path, query: &self.query, body: &self.body }
    }
}

/// An answer as it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The name of a log in a path: hexadecimal SHA-256 of its origin.
pub fn log_name(origin: &Origin) -> String {
    LeafHash(Sha256::digest(origin.as_str()).into()).to_hex()
}

/// Writes a request on a log.
pub fn write_request(origin: &Origin, request: &Request) -> Wire {
    let (method, rest, query, body) = match request {
        Request::Head => ("GET", "head".to_owned(), String::new(), Vec::new()),
        Request::Append { from, body } => ("POST", "append".to_owned(), format!("from={from}"), body.clone()),
        Request::Payloads { body } => ("POST", "payload".to_owned(), String::new(), body.clone()),
        Request::Checkpoint { note } => ("POST", "checkpoint".to_owned(), String::new(), note.clone().into_bytes()),
        Request::ReadCheckpoint { after } => ("GET", "checkpoint".to_owned(), format!("after={after}"), Vec::new()),
        Request::ReadReceipt => ("GET", "receipt".to_owned(), String::new(), Vec::new()),
        Request::HashTile { level, place } => ("GET", format!("tile/{level}/{}", place.path()), String::new(), Vec::new()),
        Request::EntryTile { place } => ("GET", format!("tile/entries/{}", place.path()), String::new(), Vec::new()),
        Request::PayloadTile { place } => ("GET", format!("pay/{}", place.path()), String::new(), Vec::new()),
        Request::Cosign { size, lines } => ("POST", "cosign".to_owned(), format!("size={size}"), lines.clone().into_bytes()),
        Request::Prove { nonce, indices } => {
            let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
            ("POST", "prove".to_owned(), String::new(), json!({"nonce": nonce, "idx": indices}).to_string().into_bytes())
        }
        Request::Remind { from, note, body } => {
            let length = u32::try_from(note.len()).unwrap_or(u32::MAX).to_be_bytes();
            ("POST", "remind".to_owned(), format!("from={from}"), [&length, note.as_bytes(), body.as_slice()].concat())
        }
        Request::FileGaps => ("GET", "files".to_owned(), String::new(), Vec::new()),
        Request::PutFile { index, file, from, body } => {
            ("PUT", format!("file/{}", file.to_hex()), format!("idx={index}&from={from}"), body.clone())
        }
        Request::ReadFile { index, file, from } => {
            ("GET", format!("file/{}", file.to_hex()), format!("idx={index}&from={from}"), Vec::new())
        }
    };
    Wire { method, path: format!("/o/{}/{rest}", log_name(origin)), query, body, coding: Coding::Identity }
}

/// Unpacks a body as it came.
///
/// # Errors
/// [`Refusal::Body`] when it is not packed so or more than `longest` bytes long.
pub fn unpack(body: &[u8], coding: Coding, longest: usize) -> Result<Vec<u8>, Refusal> {
    let mut plain = Vec::new();
    let limit = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    match coding {
        Coding::Identity => body.take(limit).read_to_end(&mut plain),
        Coding::Gzip => flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut plain),
        Coding::Zstd => zstd::stream::read::Decoder::new(body).and_then(|mut decoder| {
            decoder.window_log_max(WINDOW)?;
            decoder.take(limit).read_to_end(&mut plain)
        }),
    }
    .map_err(|_| Refusal::Body)?;
    if plain.len() > longest { Err(Refusal::Body) } else { Ok(plain) }
}

/// Reads a request: the name of the log, and what is wanted of it; none when it is no call of the protocol.
pub fn read_request(target: Target<'_>) -> Option<(String, Request)> {
    let (log, rest) = target.path.strip_prefix("/o/")?.split_once('/')?;
    let number = |name: &str| {
        let part = target.query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        part?.parse::<u64>().ok()
    };
    let body = || target.body.to_vec();
    let text = || String::from_utf8(target.body.to_vec()).ok();
    let request = match (target.method, rest) {
        ("GET", "head") => Request::Head,
        ("POST", "append") => Request::Append { from: number("from")?, body: body() },
        ("POST", "payload") => Request::Payloads { body: body() },
        ("POST", "checkpoint") => Request::Checkpoint { note: text()? },
        ("GET", "checkpoint") if target.query.is_empty() => Request::ReadCheckpoint { after: 0 },
        ("GET", "checkpoint") => Request::ReadCheckpoint { after: number("after")? },
        ("GET", "receipt") => Request::ReadReceipt,
        ("POST", "cosign") => Request::Cosign { size: number("size")?, lines: text()? },
        ("POST", "prove") => {
            let value: Value = serde_json::from_slice(target.body).ok()?;
            let hex = value.get("nonce")?.as_str()?;
            let mut nonce = Vec::new();
            for at in (0..hex.len()).step_by(2) {
                nonce.push(u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?);
            }
            Request::Prove { nonce, indices: numbers(value.get("idx")?)? }
        }
        ("POST", "remind") => {
            let (length, rest) = target.body.split_first_chunk::<4>()?;
            let (note, body) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            Request::Remind { from: number("from")?, note: String::from_utf8(note.to_vec()).ok()?, body: body.to_vec() }
        }
        ("GET", "files") => Request::FileGaps,
        ("PUT", path) => {
            let file = LeafHash::from_hex(path.strip_prefix("file/")?)?;
            Request::PutFile { index: number("idx")?, file, from: number("from")?, body: body() }
        }
        ("GET", path) => {
            if let Some(place) = path.strip_prefix("tile/entries/") {
                Request::EntryTile { place: TilePlace::parse(place)? }
            } else if let Some(place) = path.strip_prefix("pay/") {
                Request::PayloadTile { place: TilePlace::parse(place)? }
            } else if let Some(file) = path.strip_prefix("file/") {
                Request::ReadFile { index: number("idx")?, file: LeafHash::from_hex(file)?, from: number("from")? }
            } else {
                let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
                Request::HashTile { level: level.parse().ok()?, place: TilePlace::parse(place)? }
            }
        }
        _ => return None,
    };
    Some((log.to_owned(), request))
}

/// Writes an answer.
pub fn write_answer(answer: &Answer) -> WireAnswer {
    let (status, body) = match answer {
        Answer::Head(head) => (200, print_head(head).to_string().into_bytes()),
        Answer::Conflict(head) => (409, print_head(head).to_string().into_bytes()),
        Answer::Missing(missing) => (424, json!({"missing": missing}).to_string().into_bytes()),
        Answer::Cosigned(text) | Answer::Note(text) => (200, text.clone().into_bytes()),
        Answer::Unchanged => (304, Vec::new()),
        Answer::Hashes(hashes) => (200, hashes.iter().flat_map(|hash| hash.0).collect()),
        Answer::Bundle(bundle) => (200, bundle.clone()),
        Answer::Possessions(possessions) => {
            let list: Vec<Value> = possessions.iter().map(print_possession).collect();
            (200, json!(list).to_string().into_bytes())
        }
        Answer::FileGaps(gaps) => {
            let list: Vec<Value> = gaps.iter().map(print_file_gap).collect();
            (200, json!({"lacking": list}).to_string().into_bytes())
        }
        Answer::FileHeld(held) => (200, json!({"have": held}).to_string().into_bytes()),
        Answer::NotFound => (404, Vec::new()),
        Answer::Refused(refusal) => {
            (refusal.status(), json!({"code": refusal.code(), "message": refusal.to_string()}).to_string().into_bytes())
        }
    };
    WireAnswer { status, body }
}

/// Reads the answer to a request; none when it is not one that belongs to it.
pub fn read_answer(request: &Request, answer: &WireAnswer) -> Option<Answer> {
    let json = || serde_json::from_slice::<Value>(&answer.body).ok();
    let text = || String::from_utf8(answer.body.clone()).ok();
    match (answer.status, request) {
        (404, _) => Some(Answer::NotFound),
        (304, Request::ReadCheckpoint { .. } | Request::Cosign { .. }) => Some(Answer::Unchanged),
        (409, _) => Some(Answer::Conflict(read_head(&json()?)?)),
        (424, Request::Checkpoint { .. }) => Some(Answer::Missing(numbers(json()?.get("missing")?)?)),
        (200, Request::Head | Request::Append { .. } | Request::Payloads { .. } | Request::Remind { .. }) => {
            Some(Answer::Head(read_head(&json()?)?))
        }
        (200, Request::Checkpoint { .. }) => Some(Answer::Cosigned(text()?)),
        (200, Request::ReadCheckpoint { .. } | Request::ReadReceipt) => Some(Answer::Note(text()?)),
        (200, Request::HashTile { place, .. }) => {
            let mut hashes = Vec::new();
            for chunk in answer.body.chunks(32) {
                hashes.push(LeafHash(chunk.try_into().ok()?));
            }
            (hashes.len() as u64 == place.width).then_some(Answer::Hashes(hashes))
        }
        (200, Request::EntryTile { .. } | Request::PayloadTile { .. } | Request::ReadFile { .. }) => {
            Some(Answer::Bundle(answer.body.clone()))
        }
        (200, Request::FileGaps) => {
            let json = json()?;
            let gaps: Option<Vec<FileGap>> = json.get("lacking")?.as_array()?.iter().map(read_file_gap).collect();
            gaps.map(Answer::FileGaps)
        }
        (200, Request::PutFile { .. }) => Some(Answer::FileHeld(json()?.get("have")?.as_u64()?)),
        (200, Request::Prove { .. }) => {
            let mut possessions = Vec::new();
            for item in json()?.as_array()? {
                possessions.push(read_possession(item)?);
            }
            Some(Answer::Possessions(possessions))
        }
        (400..600, _) => Refusal::of_code(json()?.get("code")?.as_str()?).map(Answer::Refused),
        _ => None,
    }
}

fn print_head(head: &Head) -> Value {
    json!({"next": head.next, "root": head.root.to_b64(), "cp": head.checkpoint, "missing": head.missing})
}

fn read_head(value: &Value) -> Option<Head> {
    Some(Head {
        next: value.get("next")?.as_u64()?,
        root: LeafHash::from_b64(value.get("root")?.as_str()?)?,
        checkpoint: value.get("cp")?.as_u64()?,
        missing: numbers(value.get("missing")?)?,
    })
}

fn print_file_gap(gap: &FileGap) -> Value {
    json!({"idx": gap.index, "have": gap.held, "sha256": gap.file.sha256, "len": gap.file.len})
}

/// Name and media type stay at home: the hash says which file it is.
fn read_file_gap(value: &Value) -> Option<FileGap> {
    let file = FileRef {
        name: String::new(),
        media_type: String::new(),
        len: value.get("len")?.as_u64()?,
        sha256: value.get("sha256")?.as_str()?.to_owned(),
    };
    let gap = FileGap { index: value.get("idx")?.as_u64()?, held: value.get("have")?.as_u64()?, file };
    gap.file.is_in_form().then_some(gap)
}

fn numbers(value: &Value) -> Option<Vec<u64>> {
    value.as_array()?.iter().map(Value::as_u64).collect()
}

fn print_possession(possession: &Possession) -> Value {
    match possession {
        Possession::Held(hash) => json!(hash.to_b64()),
        Possession::Erased => json!("erased"),
        Possession::None => json!("none"),
        Possession::Lacking => json!("lacking"),
    }
}

fn read_possession(value: &Value) -> Option<Possession> {
    match value.as_str()? {
        "erased" => Some(Possession::Erased),
        "none" => Some(Possession::None),
        "lacking" => Some(Possession::Lacking),
        hash => LeafHash::from_b64(hash).map(Possession::Held),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_request_and_answer_comes_back_as_it_was() {
        let origin = Origin::parse("lv1/sokhcn.daklak/public").unwrap();
        let place = TilePlace { number: 1234, width: 17 };
        let head = Head { next: 5, root: LeafHash([3; 32]), checkpoint: 4, missing: vec![1, 2] };
        let hashes = vec![LeafHash([1; 32]); 17];
        let named = FileRef { name: String::new(), media_type: String::new(), len: 12, sha256: LeafHash([7; 32]).to_hex() };
        let gap = FileGap { index: 4, file: named, held: 9 };
        let pairs = [
            (Request::Head, Answer::Head(head.clone())),
            (Request::Append { from: 7, body: vec![1, 2] }, Answer::Conflict(head)),
            (Request::Payloads { body: vec![9] }, Answer::Refused(Refusal::Payload)),
            (Request::Checkpoint { note: "a\n\n".into() }, Answer::Cosigned("lines\n".into())),
            (Request::Checkpoint { note: "a\n\n".into() }, Answer::Missing(vec![4])),
            (Request::ReadCheckpoint { after: 3 }, Answer::Note("note".into())),
            (Request::ReadCheckpoint { after: 0 }, Answer::Unchanged),
            (Request::ReadReceipt, Answer::NotFound),
            (Request::HashTile { level: 1, place }, Answer::Hashes(hashes)),
            (Request::EntryTile { place }, Answer::Bundle(vec![0, 1])),
            (Request::PayloadTile { place }, Answer::Refused(Refusal::NotYours)),
            (Request::Cosign { size: 3, lines: "x\n".into() }, Answer::Unchanged),
            (Request::Remind { from: 2, note: "a\n\n".into(), body: vec![3, 4] }, Answer::Refused(Refusal::Root)),
            (Request::FileGaps, Answer::FileGaps(vec![gap])),
            (Request::PutFile { index: 4, file: LeafHash([7; 32]), from: 9, body: vec![1] }, Answer::FileHeld(10)),
            (Request::ReadFile { index: 4, file: LeafHash([7; 32]), from: 9 }, Answer::Bundle(vec![2, 3])),
            (
                Request::Prove { nonce: vec![1, 255], indices: vec![0, 9] },
                Answer::Possessions(vec![Possession::Held(LeafHash([1; 32])), Possession::Erased, Possession::None, Possession::Lacking]),
            ),
        ];
        for (request, answer) in pairs {
            let wire = write_request(&origin, &request);
            assert_eq!(read_request(wire.target()), Some((log_name(&origin), request.clone())));
            assert_eq!(read_answer(&request, &write_answer(&answer)), Some(answer));
        }
    }

    #[test]
    fn a_body_is_compressed_when_that_helps_and_never_unpacked_beyond_the_limit() {
        let origin = Origin::parse("lv1/sokhcn.daklak/public").unwrap();
        let mut wire = write_request(&origin, &Request::Append { from: 0, body: vec![7; 1 << 20] });
        wire.compress();
        assert_eq!(wire.coding, Coding::Zstd);
        let mut gzip = Vec::new();
        flate2::read::GzEncoder::new([7; 1 << 20].as_slice(), flate2::Compression::fast()).read_to_end(&mut gzip).unwrap();
        for (body, coding) in [(wire.body, Coding::Zstd), (gzip, Coding::Gzip)] {
            assert!(body.len() < 1 << 14);
            assert_eq!(unpack(&body, coding, 1 << 20), Ok(vec![7; 1 << 20]));
            assert_eq!(unpack(&body, coding, (1 << 20) - 1), Err(Refusal::Body));
            assert_eq!(unpack(&body[..body.len() / 2], coding, 1 << 20), Err(Refusal::Body));
            assert_eq!(Coding::of(coding.name().map(str::as_bytes)), Some(coding));
        }
        assert_eq!(unpack(b"no frame", Coding::Zstd, 1 << 20), Err(Refusal::Body));
        let mut short = write_request(&origin, &Request::Append { from: 0, body: vec![7; 100] });
        short.compress();
        assert_eq!(short.coding, Coding::Identity);
    }

    proptest! {
        #[test]
        fn no_request_and_no_answer_panics(method in "GET|POST|PUT", path in "/o/[a-f0-9]{0,4}/(head|append|tile/[0-9x/.p]{0,12}|pay/[0-9]{0,4}|prove|remind|files|file/[0-9a-f]{0,64})", query in "(idx=[0-9]{1,3}&)?(from=|after=)?[0-9]{0,22}",
            body in "\\PC{0,40}", status in 100_u16..600) {
            let target = Target { method: &method, path: &path, query: &query, body: body.as_bytes() };
            if let Some((_, request)) = read_request(target) {
                let _ = read_answer(&request, &WireAnswer { status, body: body.into_bytes() });
            }
        }
    }
}
