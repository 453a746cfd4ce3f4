//! The stylesheet, the script and the pictures of the interface, embedded and served under an address that contains their hash, so that a browser
//! keeps them for ever and a new version has a new address.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::errors::{Answer, Failure};

/// One embedded file.
pub struct Asset {
    /// Its address, e.g. `/assets/lienvung.1a2b3c4d.css`.
    pub url: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its bytes compressed with gzip, when that makes them shorter.
    pub gzip: Option<Vec<u8>>,
    etag: String,
}

/// The address of an embedded file by its plain name: `url("lienvung.css")`. A name that is not embedded gives `/assets/<name>`, which answers 404.
pub fn url(name: &str) -> String {
    match ASSETS.iter().find(|(_, (plain, _))| plain == name) {
        Some((_, (_, asset))) => asset.url.clone(),
        None => format!("/assets/{name}"),
    }
}

/// An embedded file by its plain name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.values().find(|(plain, _)| plain == name).map(|(_, asset)| asset)
}

/// `GET /assets/{name}`: the file, cached for ever; 304 when the browser has it.
pub async fn serve(Path(hashed): Path<String>, headers: HeaderMap) -> Answer {
    let Some((_, asset)) = ASSETS.get(&hashed) else {
        return Err(Failure::not_found(format!("no asset {hashed}")));
    };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.etag)) {
        return Ok(with_headers(asset, StatusCode::NOT_MODIFIED.into_response()));
    }
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.split(';').next().is_some_and(|name| name.trim() == "gzip")));
    let response = match &asset.gzip {
        Some(gzip) if takes_gzip => {
            let mut response = gzip.as_slice().into_response();
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        _ => asset.bytes.as_slice().into_response(),
    };
    Ok(with_headers(asset, response))
}

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// Hashed name → (plain name, file).
static ASSETS: LazyLock<BTreeMap<String, (String, Asset)>> = LazyLock::new(|| {
    let mut assets = BTreeMap::new();
    for name in Files::iter() {
        let Some(file) = Files::get(&name) else { continue };
        let bytes = file.data.into_owned();
        let digest = Sha256::digest(&bytes);
        let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, "bin"));
        let hashed = format!("{stem}.{hash}.{extension}");
        let media_type = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            _ => "application/octet-stream",
        };
        let gzip = compressed(&bytes).filter(|gzip| gzip.len() < bytes.len());
        let asset = Asset { url: format!("/assets/{hashed}"), media_type, bytes, gzip, etag: format!("\"{hash}\"") };
        assets.insert(hashed, (name.into_owned(), asset));
    }
    assets
});

fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn with_headers(asset: &'static Asset, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_and_the_script_keep_their_budgets() {
        let style = find("lienvung.css").unwrap().gzip.as_ref().unwrap().len();
        let script = find("lienvung.js").unwrap().gzip.as_ref().unwrap().len();
        println!("stylesheet {style} bytes, script {script} bytes, both compressed");
        assert!(style <= 9 * 1024, "lienvung.css is {style} bytes compressed, the budget is 9 KB");
        assert!(script <= 5 * 1024, "lienvung.js is {script} bytes compressed, the budget is 5 KB");
    }

    #[test]
    fn addresses_contain_the_hash_of_the_contents() {
        let address = url("lienvung.css");
        let parts: Vec<&str> = address.split('.').collect();
        assert_eq!(parts.len(), 3, "{address}");
        assert!(parts[1].len() == 8 && parts[1].bytes().all(|byte| byte.is_ascii_hexdigit()), "{address}");
    }
}
