//! This machine's public IP address, as seen by AWS. No other service is asked.

use std::net::IpAddr;

use anyhow::Context;

use crate::http;

const CHECK_IP: &str = "https://checkip.amazonaws.com";

/// Asks AWS for the address that this machine connects from.
pub(super) async fn address() -> anyhow::Result<IpAddr> {
    let response = http::client(CHECK_IP)?.get(CHECK_IP).send().await.and_then(reqwest::Response::error_for_status);
    let text = response.with_context(|| format!("cannot reach {CHECK_IP}"))?.text().await;
    let text = text.with_context(|| format!("cannot read the response of {CHECK_IP}"))?;
    text.trim()
        .parse()
        .with_context(|| format!("invalid response of {CHECK_IP}: expected an address, got {}", text.trim()))
}
