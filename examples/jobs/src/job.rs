//! The jobs of a session.

use std::collections::BTreeMap;

use mcp_stateful::prelude::*;

/// The jobs of a session, by their names.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Jobs {
    pub(crate) jobs: BTreeMap<String, Vec<Step>>,
}

impl State for Jobs {
    const NAME: &'static str = "jobs";
}

/// A step of a job.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Step {
    /// The name that the service knows.
    pub(crate) name: String,
    /// The service's receipt, once the step has run.
    pub(crate) receipt: Option<String>,
}

impl Jobs {
    /// Returns a step, by its number from 1.
    pub(crate) fn step(&mut self, job: &str, number: usize) -> Result<&mut Step, ToolError> {
        let missing = || ToolError::failed(format!("unknown job {job:?}: call show_jobs for the names"));
        let steps = self.jobs.get_mut(job).ok_or_else(missing)?;
        let count = steps.len();
        let step = number.checked_sub(1).and_then(|index| steps.get_mut(index));
        step.ok_or_else(|| ToolError::failed(format!("the job {job:?} has steps 1 to {count}")))
    }
}
