//! A deployed service as its users see it: writes and reads notes over REST at its current address, and runs the
//! drill's clients on it.

use std::{cell::RefCell, time::Duration};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::env::TestEnv;
use crate::drill::{Clients, Endpoints};
use xtask::{http, project::Project, token::Token};

/// Number of clients under load.
const CLIENTS: usize = 8;
/// Limit for a response: longer than the service's own request timeout.
const LIMIT: Duration = Duration::from_secs(25);
/// Pause between two look-ups of the address.
const REFRESH_DELAY: Duration = Duration::from_millis(500);

/// A deployed service.
#[derive(Debug)]
pub(super) struct Service<'a> {
    env: &'a TestEnv,
    project: Project,
    token: Token,
    address: RefCell<String>,
    refreshing: tokio::sync::Mutex<()>,
    client: reqwest::Client,
}

impl<'a> Service<'a> {
    /// Finds a project's service with `cargo xtask token` and `cargo xtask status`, as its users would.
    pub(super) async fn find(env: &'a TestEnv, project: &Project) -> anyhow::Result<Self> {
        let token = env.run(project, &["token"]).await?.expect_exit(0)?;
        let token = token.output.lines().last().unwrap_or_default().trim().to_owned();
        let url = url(env, project).await?;
        let client = http::client(&url)?;
        Ok(Self {
            env,
            project: project.clone(),
            token: Token::new(token),
            address: RefCell::new(url),
            refreshing: tokio::sync::Mutex::new(()),
            client,
        })
    }

    /// Runs the drill's clients during `event`, then checks the guarantees for their notes. Returns the result of
    /// `event` and a summary.
    pub(super) async fn under_load<T>(
        &self,
        event: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<(T, String)> {
        let clients = Clients::new(self, &self.token, CLIENTS)?;
        let result = clients.work_during(Duration::ZERO, event).await?;
        let report = clients.report().await?;
        report.verdict()?;
        clients.clear_sessions().await;
        Ok((result, report.summary()))
    }

    /// Adds a note. Fails unless it is acknowledged.
    pub(super) async fn add(&self, session: &str, note: &str) -> anyhow::Result<()> {
        self.call("add_note", &json!({"session_id": session, "note": note})).await.map(drop)
    }

    /// Reads all notes of a session, oldest first.
    pub(super) async fn notes(&self, session: &str) -> anyhow::Result<Vec<String>> {
        let mut notes = Vec::new();
        let mut arguments = json!({"session_id": session});
        loop {
            let response = self.call("get_notes", &arguments).await?;
            let page =
                response["result"].as_array().with_context(|| format!("get_notes returned no notes: {response}"))?;
            notes.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
            match response["nextCursor"].as_str() {
                Some(cursor) => arguments["cursor"] = cursor.into(),
                None => return Ok(notes),
            }
        }
    }

    /// Returns the revision that the service reports.
    pub(super) async fn revision(&self) -> anyhow::Result<String> {
        let url = format!("{}/healthz", self.address.borrow());
        let response: Value = self.client.get(url).send().await?.json().await?;
        let revision = response["revision"].as_str();
        revision.map(str::to_owned).with_context(|| format!("the service reports no revision: {response}"))
    }

    async fn call(&self, tool: &str, arguments: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/mcp/call_tool", self.address.borrow());
        let body = json!({"name": tool, "arguments": arguments});
        let request = self.client.post(&url).bearer_auth(self.token.reveal()).timeout(LIMIT).json(&body);
        let response = request.send().await.with_context(|| format!("{url} does not respond"))?;
        let status = response.status();
        let text = response.text().await.with_context(|| format!("cannot read the response of {url}"))?;
        if !status.is_success() {
            return Err(anyhow!("{tool} at {url} failed: {status}: {text}"));
        }
        serde_json::from_str(&text).with_context(|| format!("the response of {url} is not JSON"))
    }
}

impl Endpoints for Service<'_> {
    fn is_limited(&self) -> bool {
        true
    }

    fn address(&self, _: usize) -> String {
        self.address.borrow().clone()
    }

    /// Looks up the address, and keeps the old one if there is none. Of several clients that refresh at once, one does
    /// the look-up and the others wait for it.
    async fn refresh(&self) {
        let Ok(_refreshing) = self.refreshing.try_lock() else {
            drop(self.refreshing.lock().await);
            return;
        };
        if let Ok(url) = url(self.env, &self.project).await {
            *self.address.borrow_mut() = url;
        }
        tokio::time::sleep(REFRESH_DELAY).await;
    }
}

async fn url(env: &TestEnv, project: &Project) -> anyhow::Result<String> {
    let status = env.run(project, &["status", "--json"]).await?.expect_exit(0)?.object()?;
    let url = status["url"].as_str().with_context(|| format!("status reports no url: {status}"))?;
    Ok(url.to_owned())
}
