//! FailureReason a task ended, in one plain word of ours, from what ECS and the log say of it.
//!
//! For much of this ECS has no codes, only sentences. The documented ones begin with a code of a kind (`CannotPullContainerError:
//! …`), which is taken for one here; where AWS distinguishes within a code by words alone, these are the words it documents.
//! A cause only chooses what is advised. That the task has failed is decided elsewhere, and without it.

use super::{evaluate::failed_health_check, log_line};
use crate::{
    aws::ecs::{StopCode, Task},
    stack::Outputs,
};

/// Exit code of our service when it refuses its settings.
const REFUSED_SETTINGS: i32 = 2;
/// Exit code of a container that was ended by SIGKILL.
const KILLED: i32 = 137;

/// What kind of thing went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The image cannot be had.
    Image,
    /// The image is for another CPU.
    Architecture,
    /// The token cannot be had.
    Secret,
    /// There was not enough memory.
    Memory,
    /// The service runs, and does not answer on its port.
    Port,
    /// The task's role lacks something; with what AWS said.
    Permission(String),
    /// The service refused its settings.
    Configuration,
    /// ECS could not start the task for another reason.
    Start,
    /// The service ended, with this exit code, if there is one.
    Crash(Option<i32>),
}

impl Cause {
    /// Looks for the cause in a task and the end of its log.
    pub(super) fn of(task: &Task, container: &str, log: &[String]) -> Self {
        let ours = task.container(container);
        let exit_code = ours.and_then(|ours| ours.exit_code);
        let reasons = [task.stopped_reason.as_str(), ours.map_or("", |ours| ours.reason.as_str())];
        let coded =
            |prefix: &str| reasons.iter().any(|reason| code(reason).is_some_and(|code| code.starts_with(prefix)));
        let says = |words: &str| reasons.iter().any(|reason| reason.contains(words));

        if says("exec format error") || says("descriptor matching platform") {
            return Self::Architecture;
        }
        if coded("CannotPull") || (coded("ResourceInitializationError") && says("retrieve ecr registry auth")) {
            return Self::Image;
        }
        if coded("ResourceInitializationError") && says("retrieve secret") {
            return Self::Secret;
        }
        if coded("OutOfMemoryError") {
            return Self::Memory;
        }
        // The kernel says this in place of a program that it cannot run, so the log has nothing else.
        if log.iter().any(|line| line.contains("exec format error")) {
            return Self::Architecture;
        }
        if let Some(said) = permission_in(log) {
            return Self::Permission(said);
        }
        if failed_health_check(task) {
            return Self::Port;
        }
        match exit_code {
            // ECS kills what does not end when told to; a task that ended by itself was killed by the kernel, for memory.
            Some(KILLED) if task.stop_code == Some(StopCode::EssentialContainerExited) => Self::Memory,
            Some(REFUSED_SETTINGS) => Self::Configuration,
            None if task.stop_code == Some(StopCode::TaskFailedToStart) => Self::Start,
            exit_code => Self::Crash(exit_code),
        }
    }

    /// Its name in events.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Architecture => "architecture",
            Self::Secret => "secret",
            Self::Memory => "memory",
            Self::Port => "port",
            Self::Permission(_) => "permission",
            Self::Configuration => "configuration",
            Self::Start => "start",
            Self::Crash(_) => "crash",
        }
    }

    /// One sentence, without its full stop.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Image => "ECS could not get the image".to_owned(),
            Self::Architecture => "the image is for another CPU architecture than the task".to_owned(),
            Self::Secret => "ECS could not get the token for the task".to_owned(),
            Self::Memory => "the service was killed, as happens when it needs more memory than the task has".to_owned(),
            Self::Port => "the service ran and did not pass its health check".to_owned(),
            Self::Permission(said) => format!("AWS did not let the service do what it has to ({said})"),
            Self::Configuration => "the service refused its settings".to_owned(),
            Self::Start => "ECS could not start the task".to_owned(),
            Self::Crash(Some(code)) => format!("the service ended with exit code {code}"),
            Self::Crash(None) => "the service ended".to_owned(),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, outputs: &Outputs) -> String {
        let Outputs { token_parameter, container_port, .. } = outputs;
        match self {
            Self::Image => {
                "the registry must hold the image under this digest, and the execution role must be allowed to pull it; \
                 a deploy pushes what is missing"
                    .to_owned()
            }
            Self::Architecture => {
                "let deploy build the image, or name the image's architecture with \
                 --var cpu_architecture=X86_64 or ARM64"
                    .to_owned()
            }
            Self::Secret => format!(
                "the SSM parameter {token_parameter} must exist, and the execution role must be allowed to read it; \
                 deploy makes the one of its own anew"
            ),
            Self::Memory => "give the task more, such as --var fargate_memory=1024".to_owned(),
            Self::Port => format!(
                "the health check asks for /healthz on port {container_port} of 127.0.0.1 inside the container; \
                 the log says where the service listens"
            ),
            Self::Permission(_) => {
                "infra/iam_task.tf says what the task's role may do; a deploy puts a changed role right"
                    .to_owned()
            }
            Self::Configuration => "the log names each setting that is wrong, and what it may be".to_owned(),
            Self::Start => "the reason above is all that ECS says; some pass by themselves, so deploy again".to_owned(),
            Self::Crash(_) => "the end of the log says what the service did last".to_owned(),
        }
    }
}

/// What the table said when it did not let the service do something, from the newest such line.
pub(crate) fn permission_in(log: &[String]) -> Option<String> {
    log.iter().rev().find_map(|text| log_line::denied(text))
}

/// What stands before the colon, if it looks like a code: one word.
fn code(reason: &str) -> Option<&str> {
    reason.split_once(':').map(|(code, _)| code).filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests;
