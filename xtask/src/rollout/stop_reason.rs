//! The sentences of ECS and Fargate that name a cause: reasons of stopped tasks, and service events.
//!
//! ECS has no codes for most causes, only sentences. The documented ones begin with a code-like word
//! (`CannotPullContainerError: …`), which is used as a code here. Where AWS distinguishes within a code by words
//! alone, the words of its troubleshooting pages are matched:
//!
//! - <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html>
//! - <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>

use super::cause::Cause;

/// Begins the sentences for secrets, for the registry's login and for the network between them alike, so it
/// distinguishes nothing.
const PULL_PREFIX: &str = "unable to pull secrets or registry auth: ";
/// Fargate reports a connection that fails in the words of AWS, of Go's network library, and of the AWS SDK for Go.
const NETWORK: [&str; 10] = [
    "connection issue",
    "network configuration",
    "i/o timeout",
    "dial tcp",
    "context deadline exceeded",
    "context canceled",
    "handshake timeout",
    "no such host",
    "request canceled while waiting for connection",
    "send request failed",
];

/// Returns the cause that a stop reason or a service event names, if it names one.
pub(super) fn cause(sentence: &str) -> Option<Cause> {
    // "(service x) was unable to place a task. Reason: ResourceInitializationError: …"
    let reason = sentence.split_once("Reason: ").map_or(sentence, |(_, reason)| reason);
    let text = reason.replace(PULL_PREFIX, "").to_lowercase();
    let has = |words: &str| text.contains(&words.to_lowercase());
    let coded = |prefix: &str| code(reason).is_some_and(|code| code.starts_with(prefix));
    let (pull, setup) = (coded("CannotPull"), coded("ResourceInitializationError"));

    let found = [
        (is_wrong_architecture(reason), Cause::Architecture),
        (has("reached the limit on the number of"), Cause::Quota),
        (has("capacity is unavailable"), Cause::Capacity),
        (has("unable to assume the"), Cause::Role),
        (has("create network interface") || names_subnet(&text), Cause::Subnet),
        // Before the others, because each of them has a sentence of its own for a failed connection.
        ((pull || setup) && NETWORK.into_iter().any(has), Cause::Network),
        (pull || setup && has("registry auth"), Cause::Image),
        (setup && (has("secret") || has("ssm")) || has("fetching secret data"), Cause::Secret),
        (setup && (has("logger") || has("logging driver") || has("log group")), Cause::Log),
        (coded("OutOfMemoryError"), Cause::Memory),
    ];
    found.into_iter().find_map(|(matches, cause)| matches.then_some(cause))
}

/// Returns true if every further start would end in the same way. ECS starts a task again after any failure, but these
/// two only a new version can repair.
pub(super) fn is_final(reason: &str) -> bool {
    is_wrong_architecture(reason) || is_missing_image(reason)
}

fn is_wrong_architecture(reason: &str) -> bool {
    reason.contains("exec format error") || reason.contains("descriptor matching platform")
}

/// The registry answered that it lacks the image. A refused pull (`The task can't pull the image. Check that the role
/// has the permissions …`) may pass, because a new role takes some seconds to be known everywhere.
fn is_missing_image(reason: &str) -> bool {
    code(reason).is_some_and(|code| code.starts_with("CannotPull"))
        && (reason.contains(": not found") || reason.contains("manifest unknown"))
}

fn names_subnet(text: &str) -> bool {
    text.contains("subnet")
        && ["free", "does not exist", "not found", "invalid"].iter().any(|words| text.contains(words))
}

/// Returns the text before the colon if it looks like a code: one word.
fn code(reason: &str) -> Option<&str> {
    reason.split_once(':').map(|(code, _)| code).filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests;
