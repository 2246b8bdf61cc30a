//! Waits until something answers at an address: the smoke test itself asks once.

use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::http;

const LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(500);

/// Asks until there is an answer, whatever it says, or time is up; the error carries what went wrong last.
pub async fn reach(url: &str) -> anyhow::Result<()> {
    let client = http::client(url)?;
    let since = Instant::now();
    loop {
        match client.get(format!("{url}/healthz")).send().await {
            Ok(_) => return Ok(()),
            Err(error) if since.elapsed() > LIMIT => {
                return Err(anyhow!("{} (for {} s)", http::explain(&error), LIMIT.as_secs()));
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}
