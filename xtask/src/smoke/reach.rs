//! Waits until an address responds. The smoke test itself does not retry.

use std::time::Duration;

use crate::{
    http,
    poll::{Check, poll},
};

const LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(500);

/// Sends requests until there is a response, whatever its status. A time-out carries the last error.
pub async fn reach(url: &str) -> anyhow::Result<()> {
    let client = http::client(url)?;
    let reached = poll(LIMIT, POLL, async || {
        Ok(match client.get(format!("{url}/healthz")).send().await {
            Ok(_) => Check::Ready(()),
            Err(error) => Check::NotYet(http::explain(&error)),
        })
    });
    Ok(reached.await??)
}
