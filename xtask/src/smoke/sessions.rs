//! The sessions that the smoke test writes to, and that it empties at the end whatever happened.

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{runner::Runner, wire::Wire};

/// Session ids that nobody else has, and the notes that the service acknowledged.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Shared by REST and both eras.
    pub(crate) shared: String,
    /// What was written to the shared session, in order.
    pub(crate) notes: Vec<String>,
    /// Sessions for the eras to reset, by their revision.
    run: Uuid,
    used: Vec<String>,
}

impl Default for Sessions {
    fn default() -> Self {
        let run = Uuid::new_v4();
        let shared = format!("smoke-{run}");
        Self { used: vec![shared.clone()], shared, notes: Vec::new(), run }
    }
}

impl Sessions {
    /// A session for one era alone.
    pub(crate) fn of_era(&mut self, revision: &str) -> String {
        let session = format!("smoke-{}-{revision}", self.run);
        self.used.push(session.clone());
        session
    }
}

/// Resets every session; the shared one must give back exactly the notes that were acknowledged.
pub(crate) async fn clean_up(runner: &mut Runner, wire: &Wire, sessions: &Sessions) {
    runner
        .check("rest: reset_session deletes what was written", async {
            let answer = wire.call("reset_session", json!({"session_id": sessions.shared})).await?;
            let text = format!("Deleted {} notes from {}.", sessions.notes.len(), sessions.shared);
            answer.is(StatusCode::OK, &json!({"result": text}))
        })
        .await;
    runner
        .check("rest: every session of this test is empty", async {
            for session in &sessions.used {
                wire.call("reset_session", json!({"session_id": session})).await?.has_status(StatusCode::OK)?;
                let answer = wire.call("get_notes", json!({"session_id": session})).await?;
                answer.is(StatusCode::OK, &json!({"result": []}))?;
            }
            Ok(())
        })
        .await;
}
