//! `show_jobs`.

use mcp_stateful::prelude::*;

use crate::job::Jobs;

/// Returns the jobs with their steps, and the receipts of those that have run.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ShowJobs {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
}

impl Tool for ShowJobs {
    const NAME: &'static str = "show_jobs";
    const EFFECT: Effect = Effect::Reads;
    type Output = Jobs;

    async fn call(self, cx: &Context) -> Result<Jobs, ToolError> {
        Ok(cx.state::<Jobs>(&self.session_id).read().await?)
    }
}
