//! Waits until a started service answers that it is ready. Ready, not yet, or ended: these are told apart.

use std::{
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::Context;
use reqwest::StatusCode;

use crate::{http, runtime};

const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// How the wait ended.
#[derive(Debug)]
pub enum Outcome {
    /// It serves, after this time.
    Ready(Duration),
    /// The process ended first.
    Exited(ExitStatus),
    /// Time is up; this is what it said last.
    TimedOut(String),
}

/// Watches one address. Made before the process is, so that what it costs is not counted.
#[derive(Debug)]
pub struct Watch {
    client: reqwest::Client,
    url: String,
}

impl Watch {
    pub fn over(url: &str) -> anyhow::Result<Self> {
        Ok(Self { client: http::client(url)?, url: url.to_owned() })
    }

    /// Asks `/readyz` until it says yes, the process ends, or time is up. Time counts from the start of the process.
    pub fn wait(&self, child: &mut Child, started: Instant) -> anyhow::Result<Outcome> {
        runtime::wait_for(async {
            let mut last = "nothing yet".to_owned();
            while started.elapsed() < LIMIT {
                if let Some(status) = child.try_wait().context("cannot ask how the service is")? {
                    return Ok(Outcome::Exited(status));
                }
                match ask(&self.client, &self.url).await {
                    Ok(()) => return Ok(Outcome::Ready(started.elapsed())),
                    Err(not_yet) => last = not_yet,
                }
                tokio::time::sleep(POLL).await;
            }
            Ok(Outcome::TimedOut(last))
        })?
    }
}

/// Whether a service is ready, or what it says instead.
pub async fn ask(client: &reqwest::Client, url: &str) -> Result<(), String> {
    let answer = client.get(format!("{url}/readyz")).timeout(Duration::from_secs(2)).send().await;
    match answer {
        Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
        Ok(answer) => {
            let status = answer.status();
            let body = answer.text().await.unwrap_or_default();
            Err(format!("{status} {}", body.trim()))
        }
        Err(error) => Err(http::explain(&error)),
    }
}
