//! The settings file of a data folder, `lienvung.toml`: who runs the node and where it listens. Command line beats environment beats file.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// Where a node listens when nothing else is said.
pub const USUAL_ADDRESS: &str = "127.0.0.1:8080";

/// `lienvung.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The node's name: small letters, digits, `.` and `-`, 3 to 64; never changed.
    pub node: String,
    /// The record id of the body that runs the node.
    pub body: String,
    /// Address and port to listen on.
    #[serde(default = "usual_address")]
    pub listen: SocketAddr,
    /// The public address, when the node stands behind a proxy, e.g. `https://lienvung.example.gov.vn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Address of the PostgreSQL database that holds the ledger, e.g. `postgres://lienvung@localhost/lienvung`; none for the SQLite file in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// An address that a browser on this machine can open.
pub fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}

fn usual_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

impl Config {
    /// Where the file lies in a data folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("lienvung.toml")
    }

    /// The address at which readers reach the node, without a slash at its end: the public one, else where the node listens. An address that stands for
    /// every address of the machine cannot be opened; its own takes the place.
    pub fn address(&self) -> String {
        match &self.base_url {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => format!("http://{}", reachable(self.listen)),
        }
    }

    /// Reads the file of a data folder.
    pub fn read(folder: &Path) -> Result<Config> {
        let path = Config::path(folder);
        let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{}", path.display()))
    }

    /// Writes the file; refuses to overwrite one.
    pub fn write_new(&self, folder: &Path) -> Result<()> {
        let path = Config::path(folder);
        if path.exists() {
            bail!("{} exists already", path.display());
        }
        std::fs::create_dir_all(folder)?;
        self.write(folder)
    }

    /// Writes the file anew, whole or not at all. Only its owner can read it: the address of a database may hold a password.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let beside = folder.join("lienvung.toml.new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(toml::to_string_pretty(self)?.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, Config::path(folder))?;
        Ok(())
    }
}
