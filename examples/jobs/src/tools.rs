//! The tools.

mod add_job;
mod run_step;
mod show_jobs;

pub(crate) use add_job::AddJob;
pub(crate) use run_step::RunStep;
pub(crate) use show_jobs::ShowJobs;
