//! The HTTP client of every command: its cryptography, its time limits, and its use of proxies.

use std::time::Duration;

use anyhow::{Context, anyhow};

/// Selects ring for TLS, once for the process. Without it requests to `https` addresses fail.
pub fn install_cryptography() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("internal error: the cryptography for TLS was selected twice"))
}

/// Creates a client for an address, which waits 10 seconds for a response. Addresses of this machine are called
/// directly, without a proxy.
pub fn client(url: &str) -> anyhow::Result<reqwest::Client> {
    client_with_timeout(url, Duration::from_secs(10))
}

/// Does the same as [`client`] with another time limit for a response.
pub fn client_with_timeout(url: &str, timeout: Duration) -> anyhow::Result<reqwest::Client> {
    builder(url, timeout).build().context("cannot create an HTTP client")
}

/// Creates a client that returns a redirect instead of following it.
pub(crate) fn client_without_redirects(url: &str) -> anyhow::Result<reqwest::Client> {
    let builder = builder(url, Duration::from_secs(10)).redirect(reqwest::redirect::Policy::none());
    builder.build().context("cannot create an HTTP client")
}

fn builder(url: &str, timeout: Duration) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).timeout(timeout);
    if is_loopback(url) { builder.no_proxy() } else { builder }
}

/// Joins the causes of an HTTP error in one line. reqwest's own text has the first only.
pub(crate) fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes: Vec<String> =
        std::iter::successors(Some(error), |cause| cause.source()).map(ToString::to_string).collect();
    causes.join(": ")
}

fn is_loopback(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised() {
        assert!(is_loopback("http://127.0.0.1:3333"));
        assert!(is_loopback("http://[::1]:3333/mcp"));
        assert!(!is_loopback("https://example.com"));
        assert!(!is_loopback("nonsense"));
    }
}
