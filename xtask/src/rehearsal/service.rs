//! The deployed service as its users see it: notes written and read over REST, at whichever address serves.
//!
//! Writers never repeat a note. A note that was answered has to be there; of one that was not, nobody knows.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::world::World;
use crate::{http, project::Project, token::Token};

/// How long a writer waits for an answer: longer than the service may take.
const PATIENCE: Duration = Duration::from_secs(25);
/// Between two notes of one writer.
const PAUSE: Duration = Duration::from_millis(40);
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

/// What writers saw.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By session: the notes that were acknowledged, in their order.
    acknowledged: BTreeMap<String, Vec<String>>,
    /// How many were not answered, or with an error.
    unanswered: usize,
    /// The longest that a writer went without an acknowledgement.
    gap: Duration,
}

impl<'a> Service<'a> {
    /// Finds a project's service by our own commands, as its users would.
    pub(super) async fn of(world: &'a World, project: &Project) -> anyhow::Result<Self> {
        let token = world.run(project, &["token"]).await?.exits(0)?;
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
        let revision = answer["revision"].as_str().or(answer["build"].as_str());
        revision.map(str::to_owned).with_context(|| format!("the service does not say its build: {answer}"))
    }

    /// Writes numbered notes, one writer to a session, until a future has ended; returns what it returned.
    pub(super) async fn write_while<T>(
        &self,
        writers: usize,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<(T, Written)> {
        let written = RefCell::new(Written::default());
        let writing = futures_util::future::join_all((1..=writers).map(|number| self.write(number, &written)));
        let result = tokio::select! {
            result = work => result?,
            _ = writing => return Err(anyhow!("the writers stopped by themselves")),
        };
        // A note that was under way when the writers were stopped is none of these: nobody waits for its answer.
        Ok((result, written.into_inner()))
    }

    async fn write(&self, number: usize, written: &RefCell<Written>) {
        let session = format!("writer-{number}");
        let mut last = Instant::now();
        for count in 1_u64.. {
            let note = format!("{number}/{count}");
            let acknowledged = self.add(&session, &note).await;
            let mut seen = written.borrow_mut();
            seen.gap = seen.gap.max(last.elapsed());
            match acknowledged {
                Ok(()) => {
                    seen.acknowledged.entry(session.clone()).or_default().push(note);
                    last = Instant::now();
                    drop(seen);
                }
                Err(_) => {
                    seen.unanswered += 1;
                    drop(seen);
                    self.look_again().await;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks where the service is now. Of many who ask at once, one does.
    async fn look_again(&self) {
        let Ok(_asking) = self.asked.try_lock() else {
            drop(self.asked.lock().await);
            return;
        };
        self.find_again().await;
        tokio::time::sleep(ASK_AGAIN).await;
    }

    /// Takes the address that serves now; the old one, if nobody says.
    pub(super) async fn find_again(&self) {
        if let Ok(url) = url(self.world, &self.project).await {
            *self.address.borrow_mut() = url;
        }
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

impl Written {
    /// Compares with what is stored: every acknowledged note once and in order, any other at most once.
    pub(super) async fn judge(&self, service: &Service<'_>) -> anyhow::Result<String> {
        let mut count = 0;
        for (session, acknowledged) in &self.acknowledged {
            compare(session, acknowledged, &service.notes(session).await?)?;
            count += acknowledged.len();
        }
        Ok(format!(
            "{count} notes by {} writers, none lost, none twice; {} unanswered, longest wait {:.1} s",
            self.acknowledged.len(),
            self.unanswered,
            self.gap.as_secs_f64()
        ))
    }
}

fn compare(session: &str, acknowledged: &[String], stored: &[String]) -> anyhow::Result<()> {
    let mut sorted = stored.to_vec();
    sorted.sort();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(anyhow!("in {session} the note {} is stored twice", twice[0]));
    }
    let kept: Vec<&String> = stored.iter().filter(|note| acknowledged.contains(note)).collect();
    if let Some(lost) = acknowledged.iter().find(|note| !kept.contains(note)) {
        return Err(anyhow!("in {session} the note {lost} was acknowledged and is lost"));
    }
    match kept.iter().zip(acknowledged).find(|(stored, written)| **stored != *written) {
        Some((stored, written)) => Err(anyhow!("in {session} the note {stored} comes before {written}")),
        None => Ok(()),
    }
}

async fn url(world: &World, project: &Project) -> anyhow::Result<String> {
    let status = world.run(project, &["status", "--json"]).await?.exits(0)?.object()?;
    let url = status["url"].as_str().with_context(|| format!("status names no url: {status}"))?;
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(acknowledged: &[&str], stored: &[&str]) -> anyhow::Result<()> {
        let owned = |notes: &[&str]| notes.iter().map(|note| (*note).to_owned()).collect::<Vec<_>>();
        compare("s", &owned(acknowledged), &owned(stored))
    }

    #[test]
    fn an_unanswered_note_may_be_there_or_not() {
        assert!(compared(&["1", "3"], &["1", "2", "3", "4"]).is_ok());
        assert!(compared(&["1", "3"], &["1", "3"]).is_ok());
        assert!(compared(&[], &["1"]).is_ok());
    }

    #[test]
    fn a_note_that_is_lost_doubled_or_out_of_order_is_found() {
        for (stored, word) in [(vec!["1"], "lost"), (vec!["1", "3", "3"], "twice"), (vec!["3", "1"], "before")] {
            let error = compared(&["1", "3"], &stored).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(compared(&["1"], &["1", "2", "2"]).is_err());
    }
}
