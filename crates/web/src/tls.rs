//! HTTPS without a proxy: the node shows its own certificate. Handshakes run beside one another, so that a slow one keeps nobody waiting.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::{Listener, ListenerExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// Longest time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// Connections that wait to be served.
const WAITING: usize = 64;

/// A certificate with its key, ready to be shown.
#[derive(Clone)]
pub struct Certificate(Arc<ServerConfig>);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFault {
    /// A file cannot be read, or is no PEM of the kind wanted.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, String),
    /// The certificate and the key do not belong together, or are of a kind that is not known.
    #[error("{0}")]
    Pair(String),
}

impl Certificate {
    /// Reads the certificate with its chain, the node's own first, and the key; both PEM files.
    ///
    /// # Errors
    /// [`CertificateFault`], naming the file.
    pub fn read(chain: &Path, key: &Path) -> Result<Certificate, CertificateFault> {
        let certificates = read_certificates(chain)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| CertificateFault::File(key.to_owned(), error.to_string()))?;
        let pair = |error: tokio_rustls::rustls::Error| CertificateFault::Pair(error.to_string());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(pair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Certificate(Arc::new(config)))
    }
}

/// The certificates of a PEM file; at least one.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateFault> {
    let fault = |error: String| CertificateFault::File(path.to_owned(), error);
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
        certificates.push(certificate.map_err(|error| fault(error.to_string()))?);
    }
    if certificates.is_empty() { Err(fault("no certificate in it".to_owned())) } else { Ok(certificates) }
}

/// Takes connections whose handshake is done.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Takes connections of `listener` until it is dropped.
    pub(crate) fn over(listener: TcpListener, certificate: &Certificate) -> io::Result<TlsListener> {
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(certificate.0.clone());
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut listener = listener.tap_io(crate::service::at_once);
            loop {
                let (stream, from) = tokio::select! {
                    taken = Listener::accept(&mut listener) => taken,
                    () = sender.closed() => return,
                };
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    // Whoever does not speak TLS, or leaves in the middle, is no matter of ours.
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        let _ = sender.send((stream, from)).await;
                    }
                });
            }
        });
        Ok(TlsListener { address, ready })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(taken) => taken,
            // The task that takes connections lives as long as this does.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
