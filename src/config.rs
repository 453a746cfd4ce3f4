//! The settings file of a data folder, `lienvung.toml`: who runs the node and where it listens. Command line beats environment beats file.

use std::io::Write;
use std::net::SocketAddr;
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
    /// PEM file of the certificate with its chain, when the node serves HTTPS itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// PEM file of the certificate's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// PEM file of the certification bodies that the node above is trusted by, instead of those that browsers trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_certificates: Option<PathBuf>,
}

fn usual_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

impl Config {
    /// Settings of a new folder with nothing but what is needed.
    pub fn new(node: String, body: String, listen: SocketAddr) -> Config {
        Config { node, body, listen, base_url: None, database: None, tls_certificate: None, tls_key: None, trusted_certificates: None }
    }

    /// The way to the node above.
    ///
    /// # Errors
    /// The file of trusted certificates cannot be read.
    pub fn line(&self) -> Result<web::HttpLine> {
        match &self.trusted_certificates {
            Some(file) => Ok(web::HttpLine::trusting(file)?),
            None => Ok(web::HttpLine::new()),
        }
    }

    /// The certificate to show; none when the node serves plain HTTP.
    ///
    /// # Errors
    /// One of the two files is named without the other, or they cannot be used.
    pub fn certificate(&self) -> Result<Option<web::Certificate>> {
        match (&self.tls_certificate, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(web::Certificate::read(certificate, key)?)),
            _ => bail!("lienvung.toml: tls_certificate, tls_key: both or none"),
        }
    }

    /// Where the file lies in a data folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("lienvung.toml")
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
