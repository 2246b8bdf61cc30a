//! The findings of preflight: problems that prevent the deployment, and what stays unknown until the apply.

use crate::problem::Problem;

#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    /// Each a noun phrase, such as `whether the token can be read`, with the reason.
    pub(super) unknown: Vec<String>,
}

impl Findings {
    pub(super) fn add(&mut self, what: impl Into<String>, fix: impl Into<String>) {
        self.problems.push(Problem::new(what, fix));
    }

    /// Returns the value, or adds the problem.
    pub(super) fn collect<T>(&mut self, found: Result<T, Problem>) -> Option<T> {
        found.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Returns AWS's answer to a question that the deployment itself has to ask, or adds its error as a problem.
    pub(super) fn collect_aws<T>(&mut self, answer: anyhow::Result<T>) -> Option<T> {
        let hint = "attach the policy printed by `cargo xtask policy` for this project and region to these credentials";
        self.collect(answer.map_err(|error| Problem::new(format!("{error:#}"), hint)))
    }

    /// Returns AWS's answer to a question that only preflight asks. The deployment may succeed without it, so an error
    /// leaves `subject` unknown.
    pub(super) fn ask<T>(&mut self, subject: &str, answer: anyhow::Result<T>) -> Option<T> {
        answer.map_err(|error| self.unknown.push(format!("{subject} ({error:#})"))).ok()
    }
}
