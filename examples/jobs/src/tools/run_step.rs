//! `run_step`.

use mcp_stateful::{
    prelude::*,
    state::{AfterCrash, Scope},
};

use crate::{job::Jobs, service};

/// Runs a step of a job, once: a repeated call returns the receipt of the first.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RunStep {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
    /// The name of the job.
    job: String,
    /// The number of the step, from 1.
    #[schemars(range(min = 1))]
    step: usize,
}

/// The receipt.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ran {
    receipt: String,
    /// True if an earlier call ran the step.
    replayed: bool,
}

impl Tool for RunStep {
    const NAME: &'static str = "run_step";
    const EFFECT: Effect = Effect::Adds;
    const IDEMPOTENT: bool = true;
    const OPEN_WORLD: bool = true;
    type Output = Ran;

    async fn call(self, cx: &Context) -> Result<Ran, ToolError> {
        let jobs = cx.state::<Jobs>(&self.session_id);
        let step = jobs.read().await?.step(&self.job, self.step)?.clone();
        if let Some(receipt) = step.receipt {
            return Ok(Ran { receipt, replayed: true });
        }
        // The step itself is the key, so two clients run it once as well. The service does not recognize a repeated
        // request. After a crash, an operator has to look there.
        let key = IdempotencyKey::try_from(format!("{}/{}", self.job, self.step))?;
        let scope = Scope::from(&self.session_id);
        let effect = service::run(cx, &step.name);
        let ran = cx.once_outside(scope, Some(&key), AfterCrash::Report, effect).await?;
        let kept = jobs.try_update(|jobs| {
            jobs.step(&self.job, self.step)?.receipt = Some(ran.value.clone());
            Ok(())
        });
        kept.await?;
        Ok(Ran { receipt: ran.value, replayed: ran.replayed })
    }
}
