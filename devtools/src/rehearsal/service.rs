//! The deployed service as its users see it, at whichever address serves: notes written and read over REST, and the drill's
//! clients at work on it.

use std::{cell::RefCell, time::Duration};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::env::World;
use crate::drill::{Crew, Door};
use xtask::{http, project::Project, token::Token};

/// How many clients work while something happens.
const CLIENTS: usize = 8;
/// How long to wait for an answer: longer than the service may take.
const PATIENCE: Duration = Duration::from_secs(25);
/// Between two questions for the address.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// A deployed service.
#[derive(Debug)]
pub(super) struct Service<'a> {
    world: &'a World,
    project: Project,
    token: Token,
    address: RefCell<String>,
    asked: tokio::sync::Mutex<()>,
    client: reqwest::Client,
}

impl<'a> Service<'a> {
    /// Finds a project's service by our own commands, as its users would.
    pub(super) async fn of(world: &'a World, project: &Project) -> anyhow::Result<Self> {
        let token = world.run(project, &["token"]).await?.exit_code(0)?;
        let token = token.said.lines().last().unwrap_or_default().trim().to_owned();
        let url = url(world, project).await?;
        let client = http::client(&url)?;
        Ok(Self {
            world,
            project: project.clone(),
            token: Token::new(token),
            address: RefCell::new(url),
            asked: tokio::sync::Mutex::new(()),
            client,
        })
    }

    /// Has clients work until something has ended; fails unless what is stored then is what they were told. Returns what that
    /// something returned, and what was seen.
    pub(super) async fn under_load<T>(
        &self,
        something: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<(T, String)> {
        let crew = Crew::new(self, &self.token, CLIENTS)?;
        let ended = crew.work_while(Duration::ZERO, something).await?;
        let report = crew.report().await?;
        report.verdict()?;
        crew.leave().await;
        Ok((ended, report.summary()))
    }

    /// Adds a note; a note that is not acknowledged is an error.
    pub(super) async fn add(&self, session: &str, note: &str) -> anyhow::Result<()> {
        self.call("add_note", &json!({"session_id": session, "note": note})).await.map(drop)
    }

    /// All notes of a session, oldest first.
    pub(super) async fn notes(&self, session: &str) -> anyhow::Result<Vec<String>> {
        let mut notes = Vec::new();
        let mut arguments = json!({"session_id": session});
        loop {
            let answer = self.call("get_notes", &arguments).await?;
            let page = answer["result"].as_array().with_context(|| format!("these are no notes: {answer}"))?;
            notes.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
            match answer["nextCursor"].as_str() {
                Some(cursor) => arguments["cursor"] = cursor.into(),
                None => return Ok(notes),
            }
        }
    }

    /// The build that the service says it is.
    pub(super) async fn revision(&self) -> anyhow::Result<String> {
        let url = format!("{}/healthz", self.address.borrow());
        let answer: Value = self.client.get(url).send().await?.json().await?;
        let revision = answer["revision"].as_str();
        revision.map(str::to_owned).with_context(|| format!("the service does not say its build: {answer}"))
    }

    async fn call(&self, tool: &str, arguments: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/mcp/call_tool", self.address.borrow());
        let body = json!({"name": tool, "arguments": arguments});
        let request = self.client.post(&url).bearer_auth(self.token.reveal()).timeout(PATIENCE).json(&body);
        let answer = request.send().await.with_context(|| format!("{url} does not answer"))?;
        let status = answer.status();
        let text = answer.text().await.with_context(|| format!("{url} does not finish its answer"))?;
        if !status.is_success() {
            return Err(anyhow!("{tool} at {url} answers {status}: {text}"));
        }
        serde_json::from_str(&text).with_context(|| format!("{url} does not answer in JSON"))
    }
}

impl Door for Service<'_> {
    fn address(&self, _: usize) -> String {
        self.address.borrow().clone()
    }

    /// Asks where the service is now; it is where it was, if nobody says. Of many who ask at once, one does.
    async fn look_again(&self) {
        let Ok(_asking) = self.asked.try_lock() else {
            drop(self.asked.lock().await);
            return;
        };
        if let Ok(url) = url(self.world, &self.project).await {
            *self.address.borrow_mut() = url;
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

async fn url(world: &World, project: &Project) -> anyhow::Result<String> {
    let status = world.run(project, &["status", "--json"]).await?.exit_code(0)?.object()?;
    let url = status["url"].as_str().with_context(|| format!("status names no url: {status}"))?;
    Ok(url.to_owned())
}
