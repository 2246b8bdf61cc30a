//! The address that this machine has on the internet, as AWS sees it. Asks AWS and nobody else.

use std::net::IpAddr;

use anyhow::Context;

use crate::http;

const WHO_AM_I: &str = "https://checkip.amazonaws.com";

/// The address.
pub(super) async fn address() -> anyhow::Result<IpAddr> {
    let answer = http::client(WHO_AM_I)?.get(WHO_AM_I).send().await.and_then(reqwest::Response::error_for_status);
    let text = answer.with_context(|| format!("cannot ask {WHO_AM_I}"))?.text().await;
    let text = text.with_context(|| format!("cannot read what {WHO_AM_I} said"))?;
    text.trim().parse().with_context(|| format!("{WHO_AM_I} said no address: {}", text.trim()))
}
