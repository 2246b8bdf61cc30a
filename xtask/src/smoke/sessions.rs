//! The sessions that the smoke test writes to. They are emptied at the end in any case.

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::runner::Runner;
use crate::client::{ProtocolVersion, RestClient};

/// Session ids that no other client uses, and the notes that the service acknowledged.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// The session that REST and both protocol versions write to.
    pub(crate) shared: String,
    /// Notes of the shared session, in order.
    pub(crate) notes: Vec<String>,
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
    /// Returns a session for one protocol version and purpose.
    pub(crate) fn add(&mut self, version: ProtocolVersion, purpose: &str) -> String {
        let session = format!("smoke-{}-{version}-{purpose}", self.run);
        self.used.push(session.clone());
        session
    }
}

/// Resets every session. The shared one must contain exactly the acknowledged notes until then.
pub(crate) async fn clean_up(runner: &mut Runner, client: &RestClient, sessions: &Sessions) {
    runner
        .check("rest: reset_session deletes what was written", async {
            let response = client.call("reset_session", json!({"session_id": sessions.shared})).await?;
            let text = format!("Deleted {} notes from {}.", sessions.notes.len(), sessions.shared);
            response.ensure(StatusCode::OK, &json!({"result": text}))
        })
        .await;
    runner
        .check("rest: every session of this test is empty", async {
            for session in &sessions.used {
                client.call("reset_session", json!({"session_id": session})).await?.ensure_status(StatusCode::OK)?;
                let response = client.call("get_notes", json!({"session_id": session})).await?;
                response.ensure(StatusCode::OK, &json!({"result": []}))?;
            }
            Ok(())
        })
        .await;
}
