//! One GET, bounded: the only way out of here. It follows no redirect, and sends nothing of any token.

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

/// The longest document: a key is about half a KiB.
const MAX_BYTES: usize = 256 * 1024;

/// Why there is no document; without the address, which the caller knows.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum FetchError {
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it answered {0}")]
    Status(u16),
    #[error("its answer broke off, or is longer than {MAX_BYTES} bytes")]
    Body,
    #[error("its answer is no JSON")]
    NotJson,
}

/// The SDK's own HTTP client: what TLS trusts for the table, it trusts for the issuer.
#[derive(Debug)]
pub(super) struct Fetcher(Connector);

impl Fetcher {
    pub(super) fn new() -> Self {
        Self(Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
    }

    /// The document at `url`. How long that may take is the caller's to say.
    pub(super) async fn json(&self, url: &str) -> Result<Value, FetchError> {
        let mut request = HttpRequest::get(url).map_err(|_| FetchError::Unreachable)?;
        request.headers_mut().insert("accept", "application/json");
        let answer = self.0.call(request).await.map_err(|_| FetchError::Unreachable)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect();
        if status != 200 {
            return Err(FetchError::Status(status));
        }
        let body = body.await.map_err(|_| FetchError::Body)?.to_bytes();
        serde_json::from_slice(&body).map_err(|_| FetchError::NotJson)
    }
}
