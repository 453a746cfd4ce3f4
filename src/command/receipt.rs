//! `lienvung receipt`: the receipt of a record, and its check without a network.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use catalogue::{Audience, Label};
use clap::{Args, Subcommand};
use office::{Doubt, Identity, Op, Receipt, ReceiptError, ReceiptForm, ReceiptPart, RecordId, TrustedKey, Verified};
use serde_json::{Value, json};

use super::{Folder, acting, open};
use crate::words::Words;

/// Longest file that is looked at, in bytes: a receipt with its content has less than 1.5 MB.
const LONGEST_FILE: u64 = 2 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Lập biên nhận của một bản ghi mà nút trên đã xác nhận – Make the receipt of a record that the node above has acknowledged
    Make(MakeArguments),
    /// Kiểm tra một biên nhận, không cần mạng – Check a receipt, without a network
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct MakeArguments {
    #[command(flatten)]
    folder: Folder,
    /// Mã bản ghi – Record id
    record: String,
    /// Sổ của phạm vi nào: public, region, ministry – In the log of which audience
    #[arg(long, default_value = "public")]
    audience: String,
    /// Phiên bản trong sổ ấy; bỏ trống là mới nhất – Version in that log; the newest when absent
    #[arg(long)]
    version: Option<u64>,
    /// Kèm nội dung của bản ghi, như phạm vi ấy được xem – With the content that this audience may see
    #[arg(long)]
    payload: bool,
    /// Tệp mới; mặc định <mã>-<phạm vi>-v<phiên bản>.biennhan.txt – New file
    #[arg(long)]
    out: Option<PathBuf>,
    /// Với tài khoản này; bỏ trống là cơ quan của nút – As this account; as the node's body when absent
    #[arg(long = "as")]
    login: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Tệp biên nhận – The receipt
    file: PathBuf,
    /// Khóa công khai bạn tin, của bên lập và của bên xác nhận; nhiều lần được – A public key that you trust, of the owner and of the holder; may be repeated
    #[arg(long = "key", value_name = "VKEY")]
    keys: Vec<String>,
    /// Tin các khóa trong danh bạ của nút có thư mục này – Trust the keys in the directory of the node with this data folder
    #[arg(long)]
    data: Option<PathBuf>,
    /// Nội dung giữ riêng, để so với biên nhận – Content kept apart, to be compared
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,
    /// In JSON cho máy đọc – Print JSON for programs
    #[arg(long)]
    json: bool,
}

/// What a problem comes down to.
enum Verdict {
    /// Keys are lacking.
    Open,
    /// Either the receipt or what was given beside it is not the right one.
    Differs,
    /// The file itself does not hold together.
    False,
}

pub(crate) fn receipt(command: ReceiptCommand, words: Words) -> Result<ExitCode> {
    match command {
        ReceiptCommand::Make(arguments) => make(&arguments, words),
        ReceiptCommand::Verify(arguments) => verify(&arguments, words),
    }
}

fn make(arguments: &MakeArguments, words: Words) -> Result<ExitCode> {
    let record = RecordId::parse(&arguments.record).map_err(|_| {
        let why = words.say(
            "không phải mã bản ghi; mã nằm trong địa chỉ trang của bản ghi, dạng 0193a100-0000-7000-8000-000000000001.",
            "is no record id; it stands in the address of the record's page, like 0193a100-0000-7000-8000-000000000001.",
        );
        anyhow!("“{}” {why}", arguments.record)
    })?;
    let Some(audience) = Audience::from_code(&arguments.audience) else {
        bail!("--audience {}: {} public, region, ministry", arguments.audience, words.say("hãy chọn một trong", "choose one of"));
    };
    let (office, _) = open(&arguments.folder, words)?;
    let who = match arguments.login.as_deref() {
        None => office.console_officer(),
        login => acting(&office, login)?,
    };
    let form = ReceiptForm { record, audience, version: arguments.version, with_payload: arguments.payload };
    let receipt = office.receipt(&who, &form)?;
    let version = receipt.record().map_or(0, |(_, version)| version);
    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{record}-{}-v{version}.biennhan.txt", audience.as_str())));
    let mut file = match std::fs::File::create_new(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} {}", words.say("Đã có sẵn, không ghi đè:", "Exists already, not overwritten:"), path.display())
        }
        Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
    };
    if let Err(error) = file.write_all(receipt.to_string().as_bytes()).and_then(|()| file.sync_all()) {
        // Half a receipt is none.
        std::fs::remove_file(&path)?;
        return Err(error).with_context(|| format!("{}", path.display()));
    }
    let holders: Vec<String> = receipt.holders().iter().map(|node| node.as_str().to_owned()).collect();
    tell!("{} {}", words.say("Đã ghi biên nhận vào", "Wrote the receipt to"), path.display());
    tell!(
        "  {} {record}, {} {version}; {} {}; {} {}",
        words.say("bản ghi", "record"),
        words.say("phiên bản", "version"),
        words.say("sổ", "log"),
        receipt.checkpoint().origin,
        words.say("bên xác nhận", "acknowledged by"),
        holders.join(", ")
    );
    tell!(
        "  {}",
        words.say(
            "Kiểm tra: “lienvung receipt verify TỆP --key KHÓA --key KHÓA”.",
            "Check it: “lienvung receipt verify FILE --key KEY --key KEY”."
        )
    );
    Ok(ExitCode::SUCCESS)
}

/// Why a receipt does not stand: a stable code, and words.
struct Problem {
    code: &'static str,
    verdict: Verdict,
    message: Label,
}

fn verify(arguments: &VerifyArguments, words: Words) -> Result<ExitCode> {
    let mut keys = Vec::new();
    for vkey in &arguments.keys {
        let key = TrustedKey::parse(vkey.trim()).ok_or_else(|| {
            let why = words.say(
                "không phải một khóa công khai. Hãy chép cả dòng mà “lienvung node key” in ra, dạng lv1/TÊN-NÚT+…+…",
                "is no public key. Copy the whole line that “lienvung node key” prints, like lv1/NODE+…+…",
            );
            anyhow!("--key “{}” {why}", office::shorten(vkey, 160))
        })?;
        keys.push(key);
    }
    let text = contents(&arguments.file)?;
    let payload = arguments.payload.as_deref().map(contents).transpose()?;
    let read = std::str::from_utf8(&text).map_err(|_| ReceiptError::Form(ReceiptPart::Header)).and_then(Receipt::parse);
    let receipt = match read {
        Ok(receipt) => receipt,
        Err(error) => return Ok(print(None, None, Some(&misfit(&error)), arguments, words)),
    };
    // A content that is not the one of the entry takes nothing from what the file itself says.
    let (receipt, stranger) = match payload.map(|payload| receipt.clone().with_payload(payload)) {
        None => (receipt, None),
        Some(Ok(with_payload)) => (with_payload, None),
        Some(Err(_)) => (receipt, Some(other_payload())),
    };
    if let Some(data) = &arguments.data {
        let (office, _) = open(&Folder { data: data.clone(), database: None }, words)?;
        keys.extend(office.keys_for(&Identity::public(), &receipt)?);
    }
    match (stranger, receipt.verify(&keys)) {
        (Some(problem), _) => Ok(print(Some(&receipt), None, Some(&problem), arguments, words)),
        (None, Ok(verified)) => Ok(print(Some(&receipt), Some(&verified), None, arguments, words)),
        (None, Err(doubt)) => Ok(print(Some(&receipt), None, Some(&doubtful(&doubt, &receipt)), arguments, words)),
    }
}

fn contents(path: &Path) -> Result<Vec<u8>> {
    let named = || format!("{}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(named)?;
    file.take(LONGEST_FILE).read_to_end(&mut bytes).with_context(named)?;
    Ok(bytes)
}

/// Prints the outcome; success only when there is no problem.
fn print(
    receipt: Option<&Receipt>,
    verified: Option<&Verified>,
    problem: Option<&Problem>,
    arguments: &VerifyArguments,
    words: Words,
) -> ExitCode {
    if arguments.json {
        tell!("{:#}", report(receipt, verified, problem, words));
    } else {
        match problem {
            None => tell!("{}", words.say("Biên nhận ĐÚNG.", "The receipt HOLDS.")),
            Some(problem) => {
                let verdict = match problem.verdict {
                    Verdict::Open => words.say("CHƯA kết luận được.", "NOT decided yet."),
                    Verdict::Differs => words.say("KHÔNG khớp.", "It does NOT fit."),
                    Verdict::False => words.say("Biên nhận SAI.", "The receipt is FALSE."),
                };
                tell!("{verdict} {}", words.label(&problem.message));
            }
        }
        if let Some(receipt) = receipt {
            tell_claims(receipt, problem.is_none(), words);
        }
        if let (Some(receipt), Some(verified)) = (receipt, verified) {
            tell_proof(receipt, verified, words);
        }
    }
    if problem.is_none() && verified.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What stands in the file.
fn tell_claims(receipt: &Receipt, holds: bool, words: Words) {
    if !holds {
        tell!("{}", words.say("Trong tệp ghi (chưa được chứng minh):", "The file says (not proven):"));
    }
    if let Some((record, version)) = receipt.record() {
        let kind = match &receipt.entry().op {
            Op::Put { typ, .. } => plain(typ),
            _ => words.say("rút khỏi sổ", "withdrawn from the log").to_owned(),
        };
        tell!("  {} {record}, {} {version} ({kind})", words.say("Bản ghi", "Record"), words.say("phiên bản", "version"));
    }
    let checkpoint = receipt.checkpoint();
    tell!(
        "  {} {}, {} {} / {}",
        words.say("Sổ", "Log"),
        checkpoint.origin,
        words.say("mục thứ", "entry number"),
        receipt.index().saturating_add(1),
        checkpoint.size
    );
    tell!("  {} {}", words.say("Lúc ghi theo đồng hồ của bên lập:", "Written, by the owner's clock:"), local_time(receipt.entry().at));
    match (receipt.payload(), &receipt.entry().op) {
        (Some(payload), _) => {
            tell!(
                "  {} ({} byte)",
                words.say("Nội dung: khớp với mục, xem bằng --json", "Content: that of the entry, shown by --json"),
                payload.len()
            );
        }
        (None, Op::Put { .. }) => tell!(
            "  {}",
            words.say(
                "Nội dung: không có trong tệp; có tệp nội dung thì so bằng --payload",
                "Content: not in the file; compare a file that holds it with --payload"
            )
        ),
        (None, _) => {}
    }
    for key in receipt.carried_keys() {
        tell!("  {} {key}", words.say("Khóa kèm theo, chỉ để đối chiếu:", "Key in the file, only for comparing:"));
    }
}

/// Which key vouches for what, and what that proves and what not.
fn tell_proof(receipt: &Receipt, verified: &Verified, words: Words) {
    let tell_label = |vi: String, en: String| tell!("{}", words.label(&Label::new(vi, en)));
    let (origin, size) = (&receipt.checkpoint().origin, receipt.checkpoint().size);
    let owner = verified.owner.vkey();
    tell_label(
        format!("Khóa của bên lập {owner}\n    bảo đảm: {size} mục đầu của sổ {origin}, có mục này, là do bên ấy ký."),
        format!("The owner's key {owner}\n    vouches: it has signed the first {size} entries of the log {origin}, this one among them."),
    );
    for given in &verified.acknowledgements {
        let (key, node, at) = (given.key.vkey(), given.node.as_str(), local_time(i64::try_from(given.at).unwrap_or(i64::MAX)));
        tell_label(
            format!(
                "Khóa của bên xác nhận {key}\n    bảo đảm: lúc {at}, {node} giữ đủ {size} mục ấy cùng nội dung (trừ nội dung đã xóa theo lệnh)."
            ),
            format!(
                "The holder's key {key}\n    vouches: at {at} {node} held these {size} entries with their content (but what was erased by order)."
            ),
        );
    }
    tell!(
        "{}",
        words.say(
            "Chứng minh: bên lập đã công bố mục này và bên xác nhận đã nhận, muộn nhất vào lúc vừa nêu; sau đó không ai sửa hoặc bỏ được mà không lộ.",
            "Proven: the owner has published this entry, and the holder had it at that time at the latest; nobody can change or drop it since without being found out."
        )
    );
    tell!(
        "{}",
        words.say(
            "Không chứng minh: nội dung đúng sự thật; ai trong cơ quan đã ghi; lúc ghi chính xác; hiện nay chưa có phiên bản mới hơn.",
            "Not proven: that the content is true; who in the body wrote it; the exact time of writing; that there is no newer version today."
        )
    );
}

fn report(receipt: Option<&Receipt>, verified: Option<&Verified>, problem: Option<&Problem>, words: Words) -> Value {
    let problem_value = problem.map(|problem| json!({"code": problem.code, "message": words.label(&problem.message)}));
    let mut report = json!({"holds": problem.is_none() && verified.is_some(), "problem": problem_value});
    let Some(members) = report.as_object_mut() else { return report };
    if let Some(receipt) = receipt {
        let entry = receipt.entry();
        let kind = if let Op::Put { typ, .. } = &entry.op { Some(typ) } else { None };
        let checkpoint = receipt.checkpoint();
        let payload = receipt.payload().and_then(|payload| serde_json::from_slice::<Value>(payload).ok());
        members.insert("record".into(), json!(receipt.record().map(|(record, _)| record)));
        members.insert("version".into(), json!(receipt.record().map(|(_, version)| version)));
        members.insert("kind".into(), json!(kind));
        members.insert("written_at".into(), json!(time(entry.at)));
        members.insert("origin".into(), json!(checkpoint.origin.as_str()));
        members.insert("index".into(), json!(receipt.index()));
        members.insert("size".into(), json!(checkpoint.size));
        members.insert("root".into(), json!(checkpoint.root.to_hex()));
        members.insert("leaf".into(), json!(receipt.leaf().to_hex()));
        members.insert("payload".into(), json!(payload));
        members.insert("carried_keys".into(), json!(receipt.carried_keys()));
    }
    if let Some(verified) = verified {
        let mut given = Vec::new();
        for one in &verified.acknowledgements {
            given.push(json!({"node": one.node.as_str(), "at": time(i64::try_from(one.at).unwrap_or(i64::MAX)), "key": one.key.vkey()}));
        }
        members.insert("owner".into(), json!({"node": verified.owner.node().as_str(), "key": verified.owner.vkey()}));
        members.insert("acknowledged".into(), json!(given));
    }
    report
}

/// RFC 3339; none beyond the calendar.
fn time(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|instant| instant.to_string())
}

/// Vietnam's time, which is UTC+7 all year.
fn local_time(seconds: i64) -> String {
    let instant = jiff::Timestamp::from_second(seconds).ok();
    instant.map_or_else(
        || format!("{seconds} s"),
        |instant| jiff::tz::offset(7).to_datetime(instant).strftime("%d/%m/%Y %H:%M:%S (UTC+7)").to_string(),
    )
}

/// A text out of a file of others, without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

fn misfit(error: &ReceiptError) -> Problem {
    let again = Label::new(
        "Hãy lấy lại tệp gốc; khi gửi qua thư, hãy gửi dạng tệp đính kèm.",
        "Take the file again from where it came; send it as an attachment when it goes by mail.",
    );
    let (code, vi, en) = match error {
        ReceiptError::TooLong => ("too_long", "Tệp dài hơn mọi biên nhận.", "The file is longer than any receipt."),
        ReceiptError::Form(ReceiptPart::Header) => (
            "not_a_receipt",
            "Tệp không phải biên nhận: dòng đầu phải là c2sp.org/tlog-proof@v1.",
            "The file is no receipt: its first line has to be c2sp.org/tlog-proof@v1.",
        ),
        ReceiptError::Form(ReceiptPart::Extra) => ("form", "Dòng “extra” không đọc được.", "The line “extra” cannot be read."),
        ReceiptError::Form(ReceiptPart::Index) => ("form", "Dòng “index” không đọc được.", "The line “index” cannot be read."),
        ReceiptError::Form(ReceiptPart::Proof) => {
            ("form", "Các dòng sau “index” không đọc được.", "The lines after “index” cannot be read.")
        }
        ReceiptError::Form(ReceiptPart::Checkpoint) | ReceiptError::Checkpoint(_) => (
            "form",
            "Phần cuối, từ tên sổ đến các chữ ký, không đọc được.",
            "The last part, from the log's name to the signatures, cannot be read.",
        ),
        ReceiptError::Form(ReceiptPart::Whole) => (
            "form",
            "Tệp không còn đúng từng ký tự như lúc lập (có thể do trình soạn thảo).",
            "The file is no longer letter for letter as it was made (an editor may have done it).",
        ),
        ReceiptError::Proof => (
            "not_in_log",
            "Mục trong tệp không nằm ở vị trí ấy của sổ: tệp đã bị sửa hoặc ghép.",
            "The entry in the file does not stand at that place of the log: the file was changed or pieced together.",
        ),
        ReceiptError::Payload => (
            "other_payload",
            "Nội dung trong tệp không phải nội dung của mục: tệp đã bị sửa.",
            "The content in the file is not that of the entry: the file was changed.",
        ),
        ReceiptError::Key => (
            "other_key",
            "Khóa kèm trong tệp không ký gì trong tệp: tệp đã bị sửa.",
            "A key in the file signed nothing in it: the file was changed.",
        ),
    };
    Problem { code, verdict: Verdict::False, message: Label::new(format!("{vi} {}", again.vi), format!("{en} {}", again.en)) }
}

fn other_payload() -> Problem {
    Problem {
        code: "other_payload",
        verdict: Verdict::Differs,
        message: Label::new(
            "Nội dung trong --payload không phải nội dung của mục này. Hãy chọn đúng tệp, giữ nguyên từng byte.",
            "The content in --payload is not that of this entry. Choose the right file, unchanged to the byte.",
        ),
    }
}

fn doubtful(doubt: &Doubt, receipt: &Receipt) -> Problem {
    let holders: Vec<String> = receipt.holders().iter().map(|node| node.as_str().to_owned()).collect();
    let (code, message) = match doubt {
        Doubt::Silent(vkey) => (
            "key_silent",
            Label::new(
                format!(
                    "Khóa {vkey} không ký gì trong biên nhận này. Nếu khóa ấy đúng là của nút ghi tên thì biên nhận là giả hoặc đã bị sửa; hãy hỏi lại nút ấy."
                ),
                format!(
                    "The key {vkey} signed nothing in this receipt. If it is truly the key of the node it names, the receipt is false or was changed; ask that node."
                ),
            ),
        ),
        Doubt::NoOwner(owner) => (
            "no_owner_key",
            Label::new(
                format!(
                    "Chưa có khóa của bên lập {}. Hãy xin khóa từ chính bên ấy và đưa vào bằng --key, hoặc chỉ nút bạn tin bằng --data.",
                    owner.as_str()
                ),
                format!(
                    "No key of the owner {} was given. Ask for it at its source and give it with --key, or name a node you trust with --data.",
                    owner.as_str()
                ),
            ),
        ),
        Doubt::NoHolder if holders.is_empty() => (
            "not_acknowledged",
            Label::new(
                "Tệp không có chữ ký của bên xác nhận nào. Hãy xin lại biên nhận.",
                "Nobody has acknowledged in this file. Ask for the receipt again.",
            ),
        ),
        Doubt::NoHolder => (
            "no_holder_key",
            Label::new(
                format!(
                    "Chưa có khóa của bên xác nhận ({}). Hãy xin khóa từ chính bên ấy và đưa vào bằng --key, hoặc chỉ nút bạn tin bằng --data.",
                    holders.join(", ")
                ),
                format!(
                    "No key of a node that acknowledged ({}) was given. Ask for it at its source and give it with --key, or name a node you trust with --data.",
                    holders.join(", ")
                ),
            ),
        ),
    };
    let verdict = if matches!(doubt, Doubt::Silent(_)) { Verdict::Differs } else { Verdict::Open };
    Problem { code, verdict, message }
}
