//! `serve` and `demo`.

use std::io::{BufRead, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use catalogue::Catalogue;
use clap::Args;
use office::{AccountForm, Grant, Office, Role};

use super::{Folder, listen_on, open_config};
use crate::config::{Config, USUAL_ADDRESS, reachable};
use crate::demo;
use crate::neighbours::{self, Ready};
use crate::words::Words;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    folder: Folder,
    /// Địa chỉ và cổng – Address and port
    #[arg(long, env = "LIENVUNG_LISTEN")]
    listen: Option<SocketAddr>,
    /// Địa chỉ công khai khi đứng sau proxy – Public address behind a proxy
    #[arg(long, env = "LIENVUNG_BASE_URL")]
    base_url: Option<String>,
    /// Tệp PEM chứng thư số, khi nút tự phục vụ HTTPS – PEM file of the certificate, when the node serves HTTPS itself
    #[arg(long, env = "LIENVUNG_TLS_CERTIFICATE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Tệp PEM khóa của chứng thư – PEM file of its key
    #[arg(long, env = "LIENVUNG_TLS_KEY", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Tệp PEM các nơi cấp chứng thư được tin khi gọi lên nút trên – PEM file of the certification bodies trusted when calling the node above
    #[arg(long, env = "LIENVUNG_TRUSTED_CERTIFICATES")]
    trusted_certificates: Option<PathBuf>,
    /// Lần đầu, không hỏi: cơ quan của nút – First time, without asking: the node's body
    #[arg(long)]
    body: Option<String>,
    /// Lần đầu, không hỏi: tên nút, ví dụ sokhcn.daklak – First time, without asking: the node's name
    #[arg(long)]
    node: Option<String>,
    /// Lần đầu, không hỏi: tên đăng nhập của quản trị viên – First time, without asking: the administrator's login
    #[arg(long)]
    admin: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Thư mục dữ liệu – Data folder
    #[arg(long, default_value = "lienvung-demo")]
    data: PathBuf,
    /// Địa chỉ và cổng – Address and port
    #[arg(long, default_value = USUAL_ADDRESS)]
    listen: SocketAddr,
}

pub(crate) fn serve(arguments: ServeArguments, words: Words) -> Result<ExitCode> {
    let folder = &arguments.folder.data;
    let first = !Config::path(folder).exists();
    let mut config = if first { first_run(&arguments, words)? } else { arguments.folder.config(words)? };
    if arguments.tls_certificate.is_some() {
        (config.tls_certificate, config.tls_key) = (arguments.tls_certificate.clone(), arguments.tls_key.clone());
    }
    config.trusted_certificates = arguments.trusted_certificates.clone().or(config.trusted_certificates);
    let (certificate, line) = (config.certificate()?, config.line()?);
    let office = Arc::new(open_config(folder, &config)?);
    office.require_keeper()?;
    let listener = bind(listen_on(arguments.listen, &config), words)?;
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let base = public_address(&listener, scheme, arguments.base_url.clone().or_else(|| config.base_url.clone()))?;
    // A further server of a node that is in the database already.
    let is_further = first && !office.accounts(&office.console(), None, 1)?.is_empty();
    if is_further {
        tell!(
            "{}",
            words.say(
                "Cơ sở dữ liệu đã có nút này cùng các tài khoản; đây là máy chủ thêm. Hãy dùng chung thư mục “files” và chép tệp node.key (nếu có) từ máy chủ kia.",
                "The database holds this node and its accounts already; this is a further server. Share the folder “files” and copy the file node.key, if there is one, from the other server.",
            )
        );
    } else if first {
        let login = match &arguments.admin {
            Some(login) => login.clone(),
            None => ask(words.say("Tên đăng nhập của quản trị viên", "The administrator's login"), "quantri", words)?,
        };
        let console = office.console();
        let grants = vec![Grant { body: office.body(), role: Role::Administrator }];
        let account = office.add_account(&console, AccountForm { name: login.clone(), login, grants, active: true })?;
        let token = office.sign_in_link(&console, &account.id)?;
        tell!(
            "{}\n  {base}/dang-nhap/mot-lan/{token}",
            words.say("Liên kết đăng nhập một lần của quản trị viên:", "The administrator's one-time sign-in link:")
        );
    }
    run_server(Served { office, listener, base, certificate, line }, Vec::new(), words)
}

/// The five questions: who, which node name, which port, which administrator, which node above.
fn first_run(arguments: &ServeArguments, words: Words) -> Result<Config> {
    let catalogue = Catalogue::builtin()?;
    tell!("{}", words.say("Nút mới. Năm câu hỏi, dưới ba phút.", "A new node. Five questions, less than three minutes."));
    let body = match &arguments.body {
        Some(text) => text.clone(),
        None => ask(words.say("1. Cơ quan nào chạy nút này?", "1. Which body runs this node?"), "Bộ Khoa học và Công nghệ", words)?,
    };
    let Some(found) = demo::reference_body(&catalogue, &body) else {
        bail!(
            "{} “{body}”. {}",
            words.say("Danh mục không có cơ quan", "The catalogue has no body"),
            words.say(
                "Hãy ghi tên như trong danh mục, ví dụ “Sở KH&CN Đắk Lắk”.",
                "Write the name as in the catalogue, e.g. “Sở KH&CN Đắk Lắk”."
            )
        );
    };
    let node = match &arguments.node {
        Some(node) => node.clone(),
        None => ask(
            words.say("2. Tên nút (chữ thường không dấu, không đổi về sau)", "2. The node's name (small letters, never changed)"),
            "sokhcn.tinh",
            words,
        )?,
    };
    let listen = match arguments.listen {
        Some(listen) => listen,
        None if arguments.admin.is_some() => USUAL_ADDRESS.parse()?,
        None => ask(words.say("3. Địa chỉ và cổng", "3. Address and port"), USUAL_ADDRESS, words)?.parse().context("listen")?,
    };
    let base_url = match &arguments.base_url {
        Some(base) => Some(base.clone()),
        None if arguments.admin.is_some() => None,
        None => Some(ask(
            words.say("4. Địa chỉ công khai (bỏ trống nếu chạy nội bộ)", "4. Public address (leave empty on a local network)"),
            "",
            words,
        )?)
        .filter(|base| !base.is_empty()),
    };
    let config = Config { base_url, database: arguments.folder.database.clone(), ..Config::new(node, found, listen) };
    config.write_new(&arguments.folder.data)?;
    Ok(config)
}

fn ask(question: &str, usual: &str, words: Words) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "{question}: {}",
            words.say(
                "không có bàn phím để hỏi; hãy dùng các cờ --body, --node, --admin",
                "no keyboard to ask; use the flags --body, --node, --admin"
            )
        );
    }
    print!("{question} [{usual}]: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let answer = line.trim();
    Ok(if answer.is_empty() { usual.to_owned() } else { viet::nfc(answer).into_owned() })
}

pub(crate) fn demo(arguments: DemoArguments, words: Words) -> Result<ExitCode> {
    let folder = &arguments.data;
    let fresh = !Config::path(folder).exists();
    if fresh {
        demo::config(arguments.listen)?.write_new(folder)?;
    }
    let config = Config::read(folder)?;
    let office = Arc::new(open_config(folder, &config)?);
    office.require_keeper()?;
    demo::load(&office)?;
    // The first page shows the whole story and not a board that is still filling.
    office.settle(std::time::Duration::from_secs(20));
    let listener = bind(arguments.listen, words)?;
    let base = public_address(&listener, "http", config.base_url.clone())?;
    tell!("{}  {base}/", words.say("Trang công khai:          ", "Public:                   "));
    tell!("{}  {base}/chi-dao", words.say("Bảng chỉ đạo:             ", "Board of directives:      "));
    tell!("{}", words.say("Liên kết đăng nhập một lần (minh họa):", "One-time sign-in links (illustrative accounts):"));
    for (label, token) in demo::links(&office)? {
        tell!("  {:26}{base}/dang-nhap/mot-lan/{token}", words.label(&label));
    }
    let neighbours = neighbours::open(folder, arguments.listen, &office, words)?;
    tell!("{}", words.say("Các nút khác của bản trình diễn (minh họa):", "The other nodes of the demonstration (illustrative):"));
    for neighbour in &neighbours {
        for (label, token) in &neighbour.links {
            tell!("  {:26}{}/dang-nhap/mot-lan/{token}", words.label(label), neighbour.base);
        }
    }
    run_server(Served::plain(office, listener, base), neighbours, words)
}

/// Takes the port before any link to it is printed.
pub(crate) fn bind(listen: SocketAddr, words: Words) -> Result<TcpListener> {
    let listener = TcpListener::bind(listen).with_context(|| {
        format!(
            "{} {listen}",
            words.say("Không mở được cổng (chương trình khác đang dùng?):", "Cannot listen (is another program using it?):")
        )
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The address that readers use: as configured, else where the program listens.
pub(crate) fn public_address(listener: &TcpListener, scheme: &str, configured: Option<String>) -> Result<String> {
    Ok(match configured {
        Some(base) => base.trim_end_matches('/').to_owned(),
        None => format!("{scheme}://{}", reachable(listener.local_addr()?)),
    })
}

/// An office with its open port and its address.
struct Served {
    office: Arc<Office>,
    listener: TcpListener,
    base: String,
    certificate: Option<web::Certificate>,
    line: web::HttpLine,
}

impl Served {
    /// Served over HTTP, with the usual way to the node above.
    fn plain(office: Arc<Office>, listener: TcpListener, base: String) -> Served {
        Served { office, listener, base, certificate: None, line: web::HttpLine::new() }
    }

    /// Serves until the process is asked to stop.
    async fn run(&self) -> Result<()> {
        self.office.start_exchange(Arc::new(self.line.clone()));
        let listener = tokio::net::TcpListener::from_std(self.listener.try_clone()?)?;
        web::serve(
            listener,
            self.office.clone(),
            web::Options { base_url: self.base.clone(), certificate: self.certificate.clone() },
            stopped(),
        )
        .await
        .context("web")
    }
}

fn run_server(node: Served, neighbours: Vec<Ready>, words: Words) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (centre, address) = (node.office.clone(), node.base.clone());
        let mut tasks = Vec::new();
        for Ready { office, listener, base, .. } in neighbours {
            let (neighbour, centre, address) = (office.clone(), centre.clone(), address.clone());
            tasks.push(tokio::task::spawn_blocking(move || crate::neighbours::join(&neighbour, &centre, &address)));
            tokio::spawn(async move { Served::plain(office, listener, base).run().await });
        }
        let scheme = if node.certificate.is_some() { "https" } else { "http" };
        tell!("{} {scheme}://{}", words.say("Đang chạy tại", "Running at"), node.listener.local_addr()?);
        tell!("{}", words.say("Dừng: Ctrl+C", "Stop: Ctrl+C"));
        let joined = tokio::spawn(async move {
            for task in tasks {
                match task.await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(%error, "a node of the demonstration could not join"),
                    Err(error) => tracing::error!(%error, "a node of the demonstration could not join"),
                }
            }
        });
        let served = node.run().await;
        joined.abort();
        served
    })?;
    node.office.write_views()?;
    Ok(ExitCode::SUCCESS)
}

/// Resolves when the process is asked to stop.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
