//! `add_job`.

use mcp_stateful::prelude::*;

use crate::{
    job::{Jobs, Step},
    service,
};

/// Adds a job with its steps. Returns a description of each step.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AddJob {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
    /// The name of the job, new in this session.
    job: String,
    /// The names of the steps, in their order.
    #[schemars(length(min = 1, max = 50))]
    steps: Vec<String>,
}

/// The job.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Added {
    descriptions: Vec<String>,
}

impl Tool for AddJob {
    const NAME: &'static str = "add_job";
    const EFFECT: Effect = Effect::Adds;
    const OPEN_WORLD: bool = true;
    type Output = Added;

    async fn call(self, cx: &Context) -> Result<Added, ToolError> {
        let mut descriptions = Vec::new();
        for step in &self.steps {
            let unknown = || ToolError::invalid(format!("the service does not know the step {step:?}"));
            descriptions.push(service::describe(cx, step).await?.ok_or_else(unknown)?);
        }
        let steps: Vec<Step> = self.steps.iter().map(|name| Step { name: name.clone(), receipt: None }).collect();
        let jobs = cx.state::<Jobs>(&self.session_id);
        let added = jobs.try_update(|jobs| {
            if jobs.jobs.contains_key(&self.job) {
                return Err(ToolError::failed(format!("there is a job {:?} already: choose another name", self.job)));
            }
            jobs.jobs.insert(self.job.clone(), steps.clone());
            Ok(())
        });
        added.await?;
        Ok(Added { descriptions })
    }
}
