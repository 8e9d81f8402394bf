//! Style sheets, scripts and pictures embedded in the binary, and the headers every page carries.
//!
//! An asset's address holds the digest of its bytes, so browsers may keep it for ever and a new release is seen at
//! once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

/// What pages may load and where they may send: only this server, and nothing written into the page itself.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
     base-uri 'none'";

/// Hexadecimal digits of the digest that stand in an address.
const HASH_CHARS: usize = 16;

#[derive(RustEmbed)]
#[folder = "../../web/assets"]
struct Files;

/// One embedded file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// `/assets/<hash>/<name>`.
    pub url: String,
    /// The media type with its character set.
    pub content_type: &'static str,
    /// The bytes.
    pub body: Bytes,
    hash: String,
}

/// All embedded files by name.
#[derive(Debug, Clone)]
pub struct Assets {
    by_name: Arc<BTreeMap<String, Asset>>,
}

impl Assets {
    /// Reads the embedded files and computes their addresses.
    #[must_use]
    pub fn load() -> Self {
        let mut by_name = BTreeMap::new();
        for name in Files::iter() {
            let Some(file) = Files::get(&name) else { continue };
            let mut hash = String::with_capacity(HASH_CHARS);
            for byte in file.metadata.sha256_hash().iter().take(HASH_CHARS / 2) {
                // Writing into a String cannot fail.
                let _ = write!(hash, "{byte:02x}");
            }
            let asset = Asset {
                url: format!("/assets/{hash}/{name}"),
                content_type: content_type(&name),
                body: Bytes::from(file.data.into_owned()),
                hash,
            };
            by_name.insert(name.into_owned(), asset);
        }
        Self { by_name: Arc::new(by_name) }
    }

    /// The address of the asset called `name`.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(|asset| asset.url.as_str())
    }

    /// The asset, if both its name and its digest are right.
    #[must_use]
    pub fn find(&self, hash: &str, name: &str) -> Option<&Asset> {
        self.by_name.get(name).filter(|asset| asset.hash == hash)
    }

    /// `GET /assets/{hash}/{name}`.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new().route("/assets/{hash}/{*name}", get(serve)).with_state(self.clone())
    }
}

async fn serve(State(assets): State<Assets>, Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(asset) = assets.find(&hash, &name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, asset.body.clone()).into_response()
}

/// Sets the headers every page carries.
pub fn secure_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A page as an answer: HTML, never cached, with [`secure_headers`].
#[must_use]
pub fn page_response(status: StatusCode, html: String) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    secure_headers(headers);
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(path: &str) -> (StatusCode, HeaderMap, Bytes) {
        let router: Router = Assets::load().routes();
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn assets_are_served_by_digest_for_ever() {
        let url = Assets::load().url("theme.css").unwrap().to_owned();
        let (status, headers, body) = answer(&url).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
        assert!(headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert!(body.len() > 1000);
        let wrong = url.replace("/assets/", "/assets/0");
        assert_eq!(answer(&wrong).await.0, StatusCode::NOT_FOUND);
        assert_eq!(answer("/assets/00/../../Cargo.toml").await.0, StatusCode::NOT_FOUND);
    }

    #[test]
    fn style_sheets_load_nothing_from_elsewhere() {
        for (name, asset) in Assets::load().by_name.iter().filter(|(name, _)| name.ends_with(".css")) {
            let text = std::str::from_utf8(&asset.body).unwrap();
            assert!(!text.contains("@import"), "{name}");
            for rest in text.split("url(").skip(1) {
                assert!(rest.trim_start_matches(['"', '\'']).starts_with("data:"), "{name} loads a file");
            }
        }
    }

    #[test]
    fn pages_carry_the_policy() {
        let response = page_response(StatusCode::OK, String::new());
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], CONTENT_SECURITY_POLICY);
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
}
