//! A bounded GET, the only outgoing request of this module. It follows no redirect and sends no part of any token.

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use crate::aws;

/// The longest document. A key takes about half a KiB.
const MAX_BYTES: usize = 256 * 1024;

/// The reasons for which a GET fails. The caller adds the URL.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum FetchError {
    #[error("the server cannot be reached")]
    Unreachable,
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("the response was cut off or is longer than {MAX_BYTES} bytes")]
    Body,
    #[error("the response is not JSON")]
    NotJson,
}

/// The SDK's HTTP client, so that the same certificates and proxies apply to the issuer as to the table.
#[derive(Debug)]
pub(super) struct Fetcher(SharedHttpConnector);

impl Fetcher {
    pub(super) fn new() -> Self {
        Self(aws::connector(None))
    }

    /// Downloads the JSON document at `url`. The caller sets a timeout.
    pub(super) async fn json(&self, url: &str) -> Result<Value, FetchError> {
        let mut request = HttpRequest::get(url).map_err(|_| FetchError::Unreachable)?;
        request.headers_mut().insert("accept", "application/json");
        let response = self.0.call(request).await.map_err(|_| FetchError::Unreachable)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_BYTES).collect();
        if status != 200 {
            return Err(FetchError::Status(status));
        }
        let body = body.await.map_err(|_| FetchError::Body)?.to_bytes();
        // RFC 8259, section 8.1, permits a parser to ignore a byte order mark, which some editors and proxies add.
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        serde_json::from_slice(text).map_err(|_| FetchError::NotJson)
    }
}
