//! The way to the node above, over HTTP(S): this node dials out, nothing comes in that it has not asked for.

use std::path::Path;
use std::time::Duration;

use catalogue::Label;
use office::{Line, LineFault, SignatureFields, Wire, WireAnswer};
use ureq::Agent;
use ureq::http::Request;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::tls::CertificateFault;

/// Longest answer: a bundle of 256 payloads of 1 MiB.
const LONGEST_ANSWER: u64 = 280 << 20;

/// Shortest and longest wait for the beginning of an answer, in seconds.
const SHORTEST_PATIENCE: u64 = 20;
const LONGEST_PATIENCE: u64 = 300;
/// The slowest line that is waited for, in bytes a second.
const SLOWEST_BYTES_PER_SECOND: usize = 4_000;

/// Calls over HTTP. Certificates are checked against the roots that browsers trust; an `http://` address is for machines that trust their network.
#[derive(Debug, Clone)]
pub struct HttpLine {
    agent: Agent,
}

impl Default for HttpLine {
    fn default() -> HttpLine {
        HttpLine::new()
    }
}

impl HttpLine {
    /// A line that opens connections when they are needed and keeps them.
    pub fn new() -> HttpLine {
        HttpLine::with_roots(RootCerts::WebPki)
    }

    /// A line that trusts the certification bodies in a PEM file instead of those that browsers trust: a ministry's own.
    ///
    /// # Errors
    /// The file cannot be read or has no certificate in it.
    pub fn trusting(file: &Path) -> Result<HttpLine, CertificateFault> {
        let roots = crate::tls::read_certificates(file)?;
        Ok(HttpLine::with_roots(RootCerts::from(roots.iter().map(|root| Certificate::from_der(root).to_owned()))))
    }

    fn with_roots(roots: RootCerts) -> HttpLine {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .max_redirects(0)
            .user_agent(concat!("lienvung/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(Duration::from_secs(10)))
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_send_request(Some(Duration::from_secs(30)))
            .timeout_send_body(Some(Duration::from_secs(300)))
            .timeout_recv_body(Some(Duration::from_secs(600)))
            .build();
        HttpLine { agent: Agent::new_with_config(config) }
    }

    fn send(&self, address: &str, request: Request<Vec<u8>>) -> Result<WireAnswer, LineFault> {
        let patience = patience(request.body().len());
        let request = self.agent.configure_request(request).timeout_recv_response(Some(patience)).build();
        let mut response = self.agent.run(request).map_err(|error| fault(address, &error.to_string()))?;
        let status = response.status().as_u16();
        let body =
            response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(|error| fault(address, &error.to_string()))?;
        Ok(WireAnswer { status, body })
    }
}

impl Line for HttpLine {
    fn carry(&self, address: &str, wire: &Wire, fields: &SignatureFields) -> Result<WireAnswer, LineFault> {
        let query = if wire.query.is_empty() { String::new() } else { format!("?{}", wire.query) };
        let mut request = Request::builder()
            .method(wire.method)
            .uri(format!("{address}/lv{}{query}", wire.path))
            .header("content-digest", &fields.content_digest)
            .header("signature-input", &fields.signature_input)
            .header("signature", &fields.signature);
        if let Some(coding) = wire.coding.name() {
            request = request.header("content-encoding", coding);
        }
        let request = request.body(wire.body.clone()).map_err(|_| address_fault(address))?;
        self.send(address, request)
    }
}

/// How long an answer may take to begin after a body of so many bytes was handed over: long enough for a line of 32 kbit/s to carry it, short enough that a
/// line that went dead is noticed.
fn patience(bytes: usize) -> Duration {
    let carried_within = u64::try_from(bytes / SLOWEST_BYTES_PER_SECOND).unwrap_or(u64::MAX);
    Duration::from_secs(SHORTEST_PATIENCE.saturating_add(carried_within).min(LONGEST_PATIENCE))
}

fn fault(address: &str, error: &str) -> LineFault {
    LineFault(Label {
        vi: format!("Chưa tới được nút trên tại {address}: {error}. Việc tại chỗ vẫn chạy; dữ liệu sẽ tự gửi khi thông."),
        en: format!(
            "The node above cannot be reached at {address}: {error}. Work goes on here; the data goes up by itself when the line is back."
        ),
    })
}

fn address_fault(address: &str) -> LineFault {
    LineFault(Label {
        vi: format!("Địa chỉ “{address}” không hợp lệ. Dùng dạng https://lienvung.example.gov.vn."),
        en: format!("The address “{address}” is not valid. Write it like https://lienvung.example.gov.vn."),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::patience;

    #[test]
    fn a_small_call_notices_a_dead_line_soon_and_a_large_one_gives_a_slow_line_its_time() {
        assert_eq!(patience(0), Duration::from_secs(20));
        assert_eq!(patience(400_000), Duration::from_secs(120));
        assert_eq!(patience(usize::MAX), Duration::from_secs(300));
    }
}
