//! Readiness of a started service, as `/readyz` reports it.

use std::{process::ExitStatus, time::Duration};

use reqwest::StatusCode;

use crate::{
    http,
    poll::Check,
    process::{ManagedProcess, NotReady},
};

const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);
const REQUEST_LIMIT: Duration = Duration::from_secs(2);

/// The end of the wait for a started service.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is ready, this long after its start.
    Ready(Duration),
    /// The process ended first.
    Exited(ExitStatus),
    /// The limit passed. The last response or connection error.
    TimedOut(String),
}

/// Asks one address. Built before the process is started, so that its own cost is not measured.
#[derive(Debug)]
pub struct Watch {
    client: reqwest::Client,
    url: String,
}

impl Watch {
    /// A watch over an address without a path.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { client: http::client(url)?, url: url.to_owned() })
    }

    /// Returns ready if `/readyz` responds with 200.
    pub async fn check(&self) -> anyhow::Result<Check<()>> {
        Ok(match ask(&self.client, &self.url).await {
            Ok(()) => Check::Ready(()),
            Err(reason) => Check::NotYet(reason),
        })
    }

    /// Waits until the process is ready. The error shows its last output.
    pub async fn ready(&self, process: &mut ManagedProcess) -> anyhow::Result<()> {
        process.ready(LIMIT, POLL, async || self.check().await).await
    }

    /// Waits until the process is ready, ends, or the limit has passed.
    pub(crate) async fn wait(&self, process: &mut ManagedProcess) -> anyhow::Result<Outcome> {
        let waited = process.wait_ready(LIMIT, POLL, async || self.check().await).await?;
        Ok(match waited {
            Ok(()) => Outcome::Ready(process.uptime()),
            Err(NotReady::Exited(status)) => Outcome::Exited(status),
            Err(NotReady::TimedOut(timed_out)) => Outcome::TimedOut(timed_out.last),
        })
    }
}

/// Asks a service once. The error is its response, or the connection error.
pub async fn ask(client: &reqwest::Client, url: &str) -> Result<(), String> {
    let response = client.get(format!("{url}/readyz")).timeout(REQUEST_LIMIT).send().await;
    match response {
        Ok(response) if response.status() == StatusCode::OK => Ok(()),
        Ok(response) => {
            let status = response.status();
            let body = response.text().await.unwrap_or_default();
            Err(format!("{status} {}", body.trim()))
        }
        Err(error) => Err(http::explain(&error)),
    }
}
