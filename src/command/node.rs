//! `lienvung node` and `lienvung status`: the connection with the nodes above and below.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use office::{Office, SendPolicy};
use serde_json::json;

use super::{Folder, open};
use crate::words::Words;

#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Tạo khóa của nút; tại Trung ương thêm --centre – Make the node's key; at the Centre add --centre
    Init(InitArguments),
    /// Mời một nút cấp dưới; in mã dùng một lần – Invite a node below; prints a one-time code
    Invite(InviteArguments),
    /// Nối vào nút trên bằng mã mời – Connect to the node above with a code
    Join(JoinArguments),
    /// Từng nhật ký đã đi đến đâu – How far each log is
    Status(StatusArguments),
    /// Khi nào dữ liệu đã công bố được gửi lên: automatic, daily GIỜ:PHÚT, by-hand; không ghi gì thì in chế độ đang dùng – When published data goes up; prints the policy when none is given
    Policy(PolicyArguments),
    /// Gửi lên mọi mục đang chờ – Send up everything that waits
    Send(Folder),
    /// In khóa công khai của nút – Print the node's public key
    Key(Folder),
    /// Tại nút trên: ghi khóa mới của một nút cấp dưới – At the node above: enter the new key of a node below
    Rekey(RekeyArguments),
    /// Khép nút này trước khi sáp nhập vào nút khác; không mở lại được – Close this node before it is merged into another; cannot be undone
    Close(CloseArguments),
    /// Tại nút trên: sáp nhập một nút cấp dưới vào nút khác – At the node above: merge a node below into another
    Merge(MergeArguments),
    /// Tại nút nối thẳng vào Trung ương: nhận làm nơi thứ hai của Trung ương – At a node right under the Centre: be the Centre's second site
    BeSecondSite(Folder),
    /// Tại Trung ương: nút giữ bản thứ hai các sổ của Trung ương – At the Centre: the node that holds the Centre's own logs a second time
    SecondSite(SecondSiteArguments),
    /// Tại Trung ương: những nút đọc dữ liệu dành cho các Sở trong vùng – At the Centre: the nodes that read what is for the region's departments
    Region(RegionArguments),
    /// Tại nút tiếp nhận: tiếp nhận mọi bản ghi của các nút đã sáp nhập vào nút này – At the heir: take over all records of the nodes merged into it
    TakeOver(Folder),
    /// Sau khôi phục: mở lại nút dù chưa hỏi được hết các nút khác – After a restore: serve although not all other nodes were heard
    Serve(ServeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RegionArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tên các nút; không ghi thì chỉ xem – Names of the nodes; without any they are only shown
    nodes: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SecondSiteArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tên nút; không ghi thì chỉ xem – Name of the node; without it the present one is shown
    #[arg(requires = "address")]
    name: Option<String>,
    /// Địa chỉ của nút ấy, ví dụ https://duphong.example.gov.vn – Its address
    address: Option<String>,
    /// Thôi dùng nơi thứ hai – No second site any more
    #[arg(long, conflicts_with = "name")]
    none: bool,
    /// Tệp PEM các nơi cấp chứng thư được tin – PEM file of the certification bodies that are trusted
    #[arg(long, env = "LIENVUNG_TRUSTED_CERTIFICATES")]
    trusted_certificates: Option<std::path::PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    folder: Folder,
    /// Số văn bản làm căn cứ – Number of the document that is the ground
    #[arg(long)]
    basis: String,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    #[command(flatten)]
    folder: Folder,
    /// automatic, by-hand, hoặc daily 17:30 – automatic, by-hand, or daily 17:30
    #[arg(num_args = 0..=2)]
    policy: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RekeyArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tên nút cấp dưới – Name of the node below
    name: String,
    /// Khóa công khai mới, như “node key” của nút ấy in ra – Its new public key, as its “node key” prints it
    vkey: String,
    /// Khóa cũ bị mất hoặc lộ: từ nay không còn giá trị – The old key is lost or in wrong hands: it counts for nothing from now on
    #[arg(long)]
    stolen: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArguments {
    #[command(flatten)]
    folder: Folder,
    /// Nút sẽ tiếp nhận – The node that takes over
    #[arg(long)]
    into: String,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    #[command(flatten)]
    folder: Folder,
    /// Nút được sáp nhập – The node that is merged
    of: String,
    /// Nút tiếp nhận – The node that takes over
    #[arg(long)]
    into: String,
    /// Số văn bản làm căn cứ, ví dụ 202/2025/QH15 – Number of the document that is the ground
    #[arg(long)]
    basis: String,
    /// Máy của nút cũ đã mất, không khép được – The machine of the old node is gone and cannot close
    #[arg(long)]
    lost: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    folder: Folder,
    /// Nút này là Trung ương – This node is the Centre
    #[arg(long)]
    centre: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InviteArguments {
    #[command(flatten)]
    folder: Folder,
    /// Tên nút cấp dưới, ví dụ sokhcn.kontum – Name of the node below
    name: String,
    /// Tên cơ quan của nút ấy – Name of its body
    #[arg(long)]
    title: String,
}

#[derive(Debug, Args)]
pub(crate) struct JoinArguments {
    #[command(flatten)]
    folder: Folder,
    /// Địa chỉ của nút trên, ví dụ https://lienvung.example.gov.vn – Address of the node above
    address: String,
    /// Mã mời; bỏ trống khi nút trên đã biết khóa của nút này (sau khi mất đĩa) – The code; none when the node above knows this node's key (after a lost disk)
    code: Option<String>,
    /// Tệp PEM các nơi cấp chứng thư được tin – PEM file of the certification bodies that are trusted
    #[arg(long, env = "LIENVUNG_TRUSTED_CERTIFICATES")]
    trusted_certificates: Option<std::path::PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    folder: Folder,
    /// In JSON cho máy đọc – Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn node(command: NodeCommand, words: Words) -> Result<ExitCode> {
    match command {
        NodeCommand::Init(arguments) => init(&arguments, words),
        NodeCommand::Invite(arguments) => invite(&arguments, words),
        NodeCommand::Join(arguments) => join(&arguments, words),
        NodeCommand::Status(arguments) => status(&arguments, words),
        NodeCommand::Policy(arguments) => policy(&arguments, words),
        NodeCommand::Send(folder) => {
            let (office, _) = open(&folder, words)?;
            let sent = office.send_up(&office.console(), None)?;
            tell!("{} {sent}", words.say("Số mục được gửi lên:", "Entries let go up:"));
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::Key(folder) => {
            let (office, _) = open(&folder, words)?;
            tell!("{}", office.node_key(&office.console())?);
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::Rekey(arguments) => {
            let (office, _) = open(&arguments.folder, words)?;
            office.change_node_key(&office.console(), &arguments.name, &arguments.vkey, arguments.stolen)?;
            tell!("{}", words.say("Đã ghi khóa mới vào danh bạ.", "The new key is in the directory."));
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::Close(arguments) => {
            let (office, _) = open(&arguments.folder, words)?;
            office.close_node(&office.console(), &arguments.into)?;
            tell!("{} {}", words.say("Nút đã khép; sẽ nhập vào", "The node is closed; it goes into"), arguments.into);
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::Merge(arguments) => {
            let (office, _) = open(&arguments.folder, words)?;
            office.merge_node(&office.console(), &arguments.of, &arguments.into, &arguments.basis, arguments.lost)?;
            tell!("{} {} → {}", words.say("Đã sáp nhập:", "Merged:"), arguments.of, arguments.into);
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::BeSecondSite(folder) => {
            let (office, _) = open(&folder, words)?;
            let membership = office.be_second_site(&office.console())?;
            tell!(
                "{}\n  lienvung node second-site {} …",
                words.say(
                    "Nút này nhận các sổ của Trung ương. Tại Trung ương, chạy (thêm địa chỉ của nút này):",
                    "This node takes the Centre's logs. At the Centre, run (with this node's address):"
                ),
                membership.name.as_str()
            );
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::SecondSite(arguments) => second_site(&arguments, words),
        NodeCommand::Region(arguments) => {
            let (office, _) = open(&arguments.folder, words)?;
            if !arguments.nodes.is_empty() {
                office.set_region_readers(&office.console(), &arguments.nodes)?;
            }
            for (node, title, _) in office.region_readers(&office.console())?.iter().filter(|(_, _, reads)| *reads) {
                tell!("{node}  {title}");
            }
            Ok(ExitCode::SUCCESS)
        }
        NodeCommand::TakeOver(folder) => take_over(&folder, words),
        NodeCommand::Serve(arguments) => {
            let (office, _) = open(&arguments.folder, words)?;
            office.serve_after_restore(&office.console(), &arguments.basis)?;
            tell!("{}", words.say("Nút mở lại.", "The node serves again."));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn second_site(arguments: &SecondSiteArguments, words: Words) -> Result<ExitCode> {
    let (office, mut config) = open(&arguments.folder, words)?;
    config.trusted_certificates = arguments.trusted_certificates.clone().or(config.trusted_certificates);
    let console = office.console();
    if let (Some(name), Some(address)) = (&arguments.name, &arguments.address) {
        office.set_second_site(&console, &config.line()?, Some((name, address)))?;
    } else if arguments.none {
        office.set_second_site(&console, &config.line()?, None)?;
    }
    match office.membership()?.and_then(|membership| membership.second_site) {
        Some(site) => tell!("{} {} ({})", words.say("Nơi thứ hai:", "Second site:"), site.name.as_str(), site.address),
        None => tell!(
            "{}",
            words.say(
                "Chưa có nơi thứ hai: hỏng đĩa thì bản ghi của chính Trung ương chỉ còn trong bản sao lưu.",
                "There is no second site: when the disk breaks, the Centre's own records are in backups only."
            )
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn policy(arguments: &PolicyArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let console = office.console();
    if !arguments.policy.is_empty() {
        let said = arguments.policy.join(" ");
        let Some(policy) = SendPolicy::parse(&said) else {
            anyhow::bail!(
                "{}",
                words.say(
                    "Chế độ gửi phải là automatic, by-hand, hoặc daily GIỜ:PHÚT, ví dụ: daily 17:30.",
                    "The policy is automatic, by-hand, or daily HH:MM, e.g. daily 17:30."
                )
            );
        };
        office.set_send_policy(&console, policy)?;
    }
    match office.sending(&console)? {
        None => tell!("{}", words.say("Nút này không nối lên nút nào.", "No node stands above this one.")),
        Some(sending) => tell!(
            "{}: {} ({})\n{} {}",
            words.say("Khi nào gửi lên", "When data goes up"),
            words.label(&sending.policy.label()),
            sending.policy.code(),
            words.say("Số mục chờ gửi:", "Entries waiting:"),
            sending.waiting
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn take_over(folder: &Folder, words: Words) -> Result<ExitCode> {
    let (office, _) = open(folder, words)?;
    let mut told = 0;
    let state = office.take_over_all(&office.console(), &mut |state| {
        if state.taken >= told + 10_000 {
            told = state.taken;
            tell!("{} …", state.taken);
        }
    })?;
    tell!("{} {}", words.say("Số bản ghi đã tiếp nhận:", "Records taken over:"), state.taken);
    for (id, why) in &state.reasons {
        tell!("  {id}: {}", words.say(&why.vi, &why.en));
    }
    if state.refused > 0 {
        tell!("{} {}", words.say("Không tiếp nhận được:", "Not taken over:"), state.refused);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn init(arguments: &InitArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let console = office.console();
    let key = office.node_key(&console)?;
    if arguments.centre {
        office.found_centre(&console)?;
        tell!("{}", words.say("Nút này là Trung ương.", "This node is the Centre."));
    }
    tell!("{} {key}", words.say("Khóa công khai:", "Public key:"));
    tell!(
        "{}",
        words.say(
            "Khóa bí mật nằm trong tệp node.key của thư mục dữ liệu: hãy giữ thêm một bản ở nơi an toàn.",
            "The secret key is the file node.key in the data folder: keep a copy of it in a safe place."
        )
    );
    Ok(ExitCode::SUCCESS)
}

fn invite(arguments: &InviteArguments, words: Words) -> Result<ExitCode> {
    let (office, config) = open(&arguments.folder, words)?;
    let invitation = office.invite_node(&office.console(), &arguments.name, &arguments.title)?;
    let address = config.address();
    tell!(
        "{}\n  lienvung node join {address} {}",
        words.say("Mã dùng một lần trong 7 ngày. Tại nút được mời, chạy:", "A one-time code, good for 7 days. At the node invited, run:"),
        invitation.code
    );
    Ok(ExitCode::SUCCESS)
}

fn join(arguments: &JoinArguments, words: Words) -> Result<ExitCode> {
    let (office, mut config) = open(&arguments.folder, words)?;
    config.trusted_certificates = arguments.trusted_certificates.clone().or(config.trusted_certificates);
    let console = office.console();
    let code = arguments.code.as_deref().unwrap_or_default();
    let membership = office.join(&console, &config.line()?, &arguments.address, code)?;
    let above = membership.above.as_ref().map(|above| above.name.as_str()).unwrap_or_default();
    tell!(
        "{} {above} ({} {})",
        words.say("Đã nối vào nút", "Connected to the node"),
        words.say("Trung ương:", "Centre:"),
        membership.centre.as_str()
    );
    tell!(
        "{}",
        words.say(
            "Nút đang chạy sẽ tự gửi dữ liệu lên trong vài giây; xem bằng “lienvung node status”.",
            "A running node begins to send within seconds; see “lienvung node status”."
        )
    );
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn status(arguments: &StatusArguments, words: Words) -> Result<ExitCode> {
    let (office, _) = open(&arguments.folder, words)?;
    let standings = office.log_standings(&office.console())?;
    if arguments.json {
        tell!("{}", json!({"logs": standings}));
        return Ok(ExitCode::SUCCESS);
    }
    tell!("{}", place(&office, words)?);
    for log in &standings {
        tell!(
            "{}\n  {} {}, {} {}, {} {}{}",
            log.origin,
            words.say("có", "has"),
            log.next,
            words.say("đã ký", "signed"),
            log.signed,
            words.say("trên đã nhận", "received above"),
            log.received,
            match log.lag_seconds {
                0 => String::new(),
                lag => format!(", {} {lag} s", words.say("chậm", "late by")),
            }
        );
        if log.waiting > 0 {
            tell!("  {} {}", words.say("Chờ lãnh đạo gửi:", "Waiting for the head:"), log.waiting);
        }
        if let Some(trouble) = log.trouble() {
            tell!("  {} {}", words.say("Lỗi:", "Trouble:"), words.label(&trouble));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn place(office: &Office, words: Words) -> Result<String> {
    let own = office.ledger().node().as_str().to_owned();
    Ok(match office.membership()? {
        None => format!("{own}: {}", words.say("chưa nối với nút nào", "not connected to any node")),
        Some(membership) => match membership.above {
            None => match membership.second_site {
                Some(site) => format!("{own}: {} → {} ({})", words.say("Trung ương", "the Centre"), site.name.as_str(), site.address),
                None => format!("{own}: {}", words.say("Trung ương", "the Centre")),
            },
            Some(above) => format!("{own} → {} ({})", above.name.as_str(), above.address),
        },
    })
}
