//! What is left of a project on AWS, found by name and by tag, and removed without Terraform: whatever it forgot, did not
//! make, or never came to.
//!
//! Touches only what has both tags of the project. What AWS keeps by itself is nothing left: stopped tasks, task definitions
//! that are deregistered, keys that wait for their deletion.

mod find;
mod receipt;
mod remove;
mod resource;
mod tagged;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    aws::{Account, http},
    stack::Names,
    ui::Step,
};

pub(crate) use self::{
    find::{Found, find},
    receipt::{Left, Receipt},
    remove::remove,
    resource::{Kind, Resource},
};

/// How long to try while nothing more goes. A task has 30 seconds to end, and its network interface takes a minute more.
const PATIENCE: Duration = Duration::from_mins(3);
const PAUSES: [u64; 5] = [1, 2, 3, 5, 8];

/// What a sweep came to.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// Was to be kept, and is there.
    pub(crate) kept: Vec<Resource>,
    pub(crate) left: Vec<Left>,
}

/// Removes all that is the project's, but what is to be kept.
///
/// It looks again after each round, because much goes only when something else has gone, and because what AWS tells may be
/// some seconds old.
pub(crate) async fn sweep(
    account: &Account,
    names: &Names,
    table: &str,
    keep: impl Fn(&Resource) -> bool,
    step: &Step,
) -> anyhow::Result<Swept> {
    let mut since = Instant::now();
    let mut fewest = usize::MAX;
    let mut told = BTreeMap::new();
    for pause in PAUSES.into_iter().chain(std::iter::repeat(10)) {
        let found = find(account, names, table).await?.ours;
        let (kept, things): (Vec<Resource>, Vec<Resource>) = found.into_iter().partition(&keep);
        if things.len() < fewest {
            fewest = things.len();
            since = Instant::now();
        }
        let mut left = Vec::new();
        let mut in_vain = true;
        for thing in things {
            let failed = remove(account, names, &thing).await.err();
            in_vain &= failed.as_ref().is_some_and(is_denied);
            let reason = failed.map_or_else(|| "it is being deleted".to_owned(), |error| format!("{error:#}"));
            tell(step, &mut told, &thing, &reason);
            left.push(Left { thing, reason });
        }
        if left.is_empty() || in_vain || since.elapsed() >= PATIENCE {
            return Ok(Swept { kept, left });
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    Ok(Swept::default())
}

/// Trying again does not help against a policy.
fn is_denied(error: &anyhow::Error) -> bool {
    matches!(http::code(error), Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation"))
}

/// Each thing once, and again when the reason why it is still there is another.
fn tell(step: &Step, told: &mut BTreeMap<Resource, String>, thing: &Resource, reason: &str) {
    if told.insert(thing.clone(), reason.to_owned()).as_deref() != Some(reason) {
        step.note(&format!("{thing}: {reason}"));
    }
}
