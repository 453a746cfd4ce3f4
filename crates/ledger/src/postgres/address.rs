//! Addresses of databases: what is read from them and which are refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::postgres::connection::chain;
use crate::postgres::tls::Encryption;

/// Debian's place for the server's socket, when the address names no host.
const USUAL_SOCKET: &str = "/var/run/postgresql";
/// How long one server may take to answer a call; with several named, the next one is waiting.
const CONNECT: Duration = Duration::from_secs(10);
const CONNECT_TO_ONE_OF_SEVERAL: Duration = Duration::from_secs(3);
/// A server that says nothing for so long is asked whether it is still there, …
const SILENCE: Duration = Duration::from_secs(10);
/// … this often, …
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// … and after this long without any answer the connection is given up.
const GIVEN_UP: Duration = Duration::from_secs(15);

/// Why an address cannot be used. It may hold a password and is never repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is not that of a PostgreSQL database.
    #[error("it begins with postgres://, e.g. postgres://lienvung@localhost/lienvung")]
    Scheme,
    /// It cannot be read; the text says where.
    #[error("{0}")]
    Form(String),
    /// It asks for TLS and does not say whose certificates are trusted.
    #[error("sslmode=verify-full needs sslrootcert=/path/roots.pem, the certificate of the certification body that signed the server's")]
    NoRoots,
    /// The file of trusted certificates cannot be used: which, and why.
    #[error("sslrootcert={}: {}", .0.display(), .1)]
    Roots(PathBuf, String),
    /// It would carry records to another machine in clear, without having said that the network between them is private.
    #[error(
        "the server is on another machine; write sslmode=verify-full&sslrootcert=/path/roots.pem to encrypt the way to it, or sslmode=disable when the network \
         between them is private"
    )]
    InClear,
}

/// The address of a PostgreSQL database, read and found usable. Its `Debug` text leaves the password out.
#[derive(Clone)]
pub struct DatabaseAddress {
    /// One for each server named; at least one.
    servers: Vec<Config>,
    /// None when records go over a socket, or over a network that is private.
    encryption: Option<Encryption>,
    /// The server that took writes last.
    last: Arc<AtomicUsize>,
}

impl std::fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseAddress").field("servers", &self.servers).field("is_encrypted", &self.encryption.is_some()).finish()
    }
}

impl DatabaseAddress {
    /// Reads `postgres://user@host/name`, or `postgres://user@host1,host2/name` with servers of which one takes writes. `sslmode` is `disable`, `require` or
    /// `verify-full`; the last two mean the same, that the certificate and its name are checked against the PEM file of `sslrootcert`. What the address leaves
    /// out is set so that a server that has gone silent is noticed.
    ///
    /// # Errors
    /// When it is no such address, when the file of certificates cannot be used, or when it would carry records over a network in clear.
    pub fn parse(address: &str) -> Result<DatabaseAddress, AddressFault> {
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(AddressFault::Scheme);
        }
        let (address, roots) = take_out_certificates(address);
        let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| AddressFault::Form(chain(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(USUAL_SOCKET);
        }
        let encryption = match (config.get_ssl_mode(), roots) {
            (SslMode::Disable, _) => None,
            (SslMode::Require, None) => return Err(AddressFault::NoRoots),
            (SslMode::Require, Some(file)) => Some(Encryption::trusting(&file).map_err(|why| AddressFault::Roots(file, why))?),
            _ if leaves_machine(&config) => return Err(AddressFault::InClear),
            _ => None,
        };
        config.ssl_mode(if encryption.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(DatabaseAddress { servers: one_by_one(&config)?, encryption, last: Arc::default() })
    }

    /// The servers, the one that took writes last first, each with its place.
    pub(super) fn servers(&self) -> impl Iterator<Item = (usize, &Config)> {
        let last = self.last.load(Ordering::Relaxed);
        self.servers.iter().enumerate().cycle().skip(last).take(self.servers.len())
    }

    /// Notes that the server at this place takes writes.
    pub(super) fn note(&self, server: usize) {
        self.last.store(server, Ordering::Relaxed);
    }

    /// How a server is called in messages.
    pub(super) fn name_of(server: &Config) -> String {
        match (server.get_hosts().first(), server.get_hostaddrs().first(), server.get_ports().first()) {
            (Some(Host::Tcp(name)), _, Some(port)) => format!("{name}:{port}"),
            (None, Some(address), Some(port)) => format!("{address}:{port}"),
            _ => "socket".to_owned(),
        }
    }

    pub(super) fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }
}

/// Takes out of the address what only we understand: the file of trusted certificates. `verify-full` is what `require` means here.
fn take_out_certificates(address: &str) -> (String, Option<PathBuf>) {
    let Some((place, query)) = address.split_once('?') else { return (address.to_owned(), None) };
    let (mut left, mut roots) = (Vec::new(), None);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslrootcert", file)) => roots = Some(Path::new(file).to_owned()),
            Some(("sslmode", "verify-full")) => left.push("sslmode=require"),
            _ => left.push(pair),
        }
    }
    (format!("{place}?{}", left.join("&")), roots)
}

/// A config of its own for each server, so that the one that takes writes can be asked first.
fn one_by_one(config: &Config) -> Result<Vec<Config>, AddressFault> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    if (!hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len()) || (ports.len() > 1 && ports.len() != count) {
        return Err(AddressFault::Form("as many ports and addresses as hosts, or one port for all".to_owned()));
    }
    let mut servers = Vec::with_capacity(count);
    for at in 0..count {
        let mut server = Config::new();
        match hosts.get(at) {
            Some(Host::Tcp(name)) => _ = server.host(name),
            Some(Host::Unix(path)) => _ = server.host_path(path),
            None => {}
        }
        if let Some(address) = addresses.get(at) {
            server.hostaddr(*address);
        }
        server.port(ports.get(at).or(ports.first()).copied().unwrap_or(5432));
        if let Some(user) = config.get_user() {
            server.user(user);
        }
        if let Some(password) = config.get_password() {
            server.password(password);
        }
        if let Some(name) = config.get_dbname() {
            server.dbname(name);
        }
        if let Some(options) = config.get_options() {
            server.options(options);
        }
        server.application_name("lienvung");
        server.ssl_mode(config.get_ssl_mode());
        server.ssl_negotiation(config.get_ssl_negotiation());
        server.channel_binding(config.get_channel_binding());
        server.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let usual = if count > 1 { CONNECT_TO_ONE_OF_SEVERAL } else { CONNECT };
        server.connect_timeout(config.get_connect_timeout().copied().unwrap_or(usual));
        server.tcp_user_timeout(config.get_tcp_user_timeout().copied().unwrap_or(GIVEN_UP));
        server.keepalives_idle(SILENCE);
        server.keepalives_interval(config.get_keepalives_interval().unwrap_or(ASKED_EVERY));
        servers.push(server);
    }
    Ok(servers)
}

fn leaves_machine(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    };
    !config.get_hosts().iter().all(is_here) || config.get_hostaddrs().iter().any(|address| !address.is_loopback())
}
