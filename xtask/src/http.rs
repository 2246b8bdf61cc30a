//! The HTTP client that every command uses: its cryptography, its time limits, and when it goes round a proxy.
//!
//! Knows no route of the service.

use std::time::Duration;

use anyhow::{Context, anyhow};

/// Chooses ring for TLS, once for the process; without it `https` addresses could not be called.
pub fn install_cryptography() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("cannot choose the cryptography for TLS: somebody chose already"))
}

/// A client for an address. This machine is called directly, whatever proxy the environment names.
pub fn client(url: &str) -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).timeout(Duration::from_secs(10));
    let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
    builder.build().context("cannot make an http client")
}

/// The causes of an HTTP error in one line; reqwest's own text stops at the first.
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
    fn loopback_is_told_from_the_rest() {
        assert!(is_loopback("http://127.0.0.1:3333"));
        assert!(is_loopback("http://[::1]:3333/mcp"));
        assert!(!is_loopback("https://example.com"));
        assert!(!is_loopback("nonsense"));
    }
}
