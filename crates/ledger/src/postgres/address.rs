//! Addresses of databases: what is read from them and which are refused.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::postgres::connection::chain;

/// Debian's place for the server's socket, when the address names no host.
const USUAL_SOCKET: &str = "/var/run/postgresql";

/// Why an address cannot be used. It may hold a password and is never repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is not that of a PostgreSQL database.
    #[error("it begins with postgres://, e.g. postgres://lienvung@localhost/lienvung")]
    Scheme,
    /// It cannot be read; the text says where.
    #[error("{0}")]
    Form(String),
    /// It asks for TLS, which this version does not speak to the database.
    #[error("sslmode=require: this version speaks no TLS to the database; let a tunnel on this machine do it")]
    Tls,
    /// It would carry records to another machine in clear, without having said that the network between them is private.
    #[error(
        "the server is on another machine and this version speaks no TLS to the database; let a tunnel on this machine do it, or write sslmode=disable when the \
         network between them is private"
    )]
    InClear,
}

/// The address of a PostgreSQL database, read and found usable. Its `Debug` text leaves the password out.
#[derive(Debug, Clone)]
pub struct DatabaseAddress(Config);

impl DatabaseAddress {
    /// Reads `postgres://user@host/name`. What it leaves out is set so that a server that has gone silent is noticed.
    ///
    /// # Errors
    /// When it is no such address, or when it would carry records over a network in clear.
    pub fn parse(address: &str) -> Result<DatabaseAddress, AddressFault> {
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(AddressFault::Scheme);
        }
        let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| AddressFault::Form(chain(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(USUAL_SOCKET);
        }
        match config.get_ssl_mode() {
            SslMode::Disable => {}
            SslMode::Require => return Err(AddressFault::Tls),
            _ if leaves_machine(&config) => return Err(AddressFault::InClear),
            _ => {}
        }
        config.ssl_mode(SslMode::Disable);
        // Of several servers named, the one that takes writes.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.application_name("lienvung");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(30));
        }
        config.keepalives_idle(Duration::from_secs(30));
        Ok(DatabaseAddress(config))
    }

    pub(super) fn config(&self) -> &Config {
        &self.0
    }
}

fn leaves_machine(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    };
    !config.get_hosts().iter().all(is_here) || config.get_hostaddrs().iter().any(|address| !address.is_loopback())
}
