//! Finds and removes a project's resources on AWS without Terraform: those that it forgot, did not create, or left
//! behind.
//!
//! Removes only resources with both tags of the project. Some traces are AWS's own and do not count as left over:
//! stopped tasks, deregistered task definitions, keys that wait for their deletion.

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
    receipt::{Leftover, Receipt},
    remove::remove,
    resource::{Kind, Resource},
};

/// The time without progress after which removal stops. A task may take 30 seconds to end, and its network
/// interface a minute more.
const MAX_IDLE: Duration = Duration::from_mins(3);
/// Seconds between the first rounds. Later ones are 10 seconds apart.
const PAUSES: [u64; 5] = [1, 2, 3, 5, 8];

/// The resources that exist after a removal.
#[derive(Debug, Default)]
pub(crate) struct Remainder {
    /// Kept on request.
    pub(crate) kept: Vec<Resource>,
    /// Could not be removed.
    pub(crate) leftovers: Vec<Leftover>,
}

/// Removes every resource of the project for which `keep` is false.
///
/// Works in rounds, because some resources can go only after others, and because AWS's lists may be some seconds
/// old. Stops when nothing is left, when AWS denies every removal, or after three minutes without progress.
pub(crate) async fn remove_all(
    account: &Account,
    names: &Names,
    table: &str,
    keep: impl Fn(&Resource) -> bool,
    step: &Step,
) -> anyhow::Result<Remainder> {
    let mut since = Instant::now();
    let mut fewest = usize::MAX;
    let mut reported = BTreeMap::new();
    for pause in PAUSES.into_iter().chain(std::iter::repeat(10)) {
        let owned = find(account, names, table).await?.owned;
        let (kept, resources): (Vec<Resource>, Vec<Resource>) = owned.into_iter().partition(&keep);
        if resources.len() < fewest {
            fewest = resources.len();
            since = Instant::now();
        }
        let mut leftovers = Vec::new();
        let mut all_denied = true;
        for resource in resources {
            let error = remove(account, names, &resource).await.err();
            all_denied &= error.as_ref().is_some_and(is_denied);
            let reason = error.map_or_else(|| "being deleted".to_owned(), |error| format!("{error:#}"));
            report(step, &mut reported, &resource, &reason);
            leftovers.push(Leftover { resource, reason });
        }
        if leftovers.is_empty() || all_denied || since.elapsed() >= MAX_IDLE {
            return Ok(Remainder { kept, leftovers });
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    Ok(Remainder::default())
}

/// Returns whether a policy denied the call, so that repeating it is futile.
fn is_denied(error: &anyhow::Error) -> bool {
    matches!(http::error_code(error), Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation"))
}

/// Reports each resource once, and again when the reason why it exists has changed.
fn report(step: &Step, reported: &mut BTreeMap<Resource, String>, resource: &Resource, reason: &str) {
    if reported.insert(resource.clone(), reason.to_owned()).as_deref() != Some(reason) {
        step.note(&format!("{resource}: {reason}"));
    }
}
