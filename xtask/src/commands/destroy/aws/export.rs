//! Stops the service and exports its notes. A note that is acknowledged during the export would be in no file.

use std::time::Duration;

use anyhow::{Context, anyhow};

use super::inventory::Inventory;
use crate::{
    aws::{
        ecs::{self, Change},
        table::Table,
    },
    cleanup::Kind,
    data::{self, ExportFile, Tally},
    poll::{Check, poll},
    stack::DeploymentTarget,
    ui::Step,
};

/// A task has 30 seconds to end, and ECS notices some seconds later.
const LIMIT: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_secs(2);

pub(super) async fn stop_and_export(
    place: &DeploymentTarget,
    inventory: &Inventory,
    export: ExportFile,
    step: &Step,
) -> anyhow::Result<Tally> {
    if inventory.found.has(Kind::Service) {
        stop(place, step).await?;
    }
    let table = Table::new(&place.account, &inventory.table);
    data::export(&table, export, step).await.context("the export failed")
}

/// Scales the service to zero and waits until no task runs.
async fn stop(place: &DeploymentTarget, step: &Step) -> anyhow::Result<()> {
    let (cluster, name) = (place.names.cluster(), place.names.service());
    let look = || ecs::service(&place.account, &cluster, &name);
    let Some(service) = look().await? else { return Ok(()) };
    // A draining service was deleted already and cannot be updated.
    if service.status == "ACTIVE" && service.desired > 0 {
        step.note("stopping the service, so that no note is added during the export");
        ecs::update(&place.account, &cluster, &name, Change::DesiredCount(0))
            .await
            .context("cannot stop the service")?;
    }
    let stopped = poll(LIMIT, POLL, async || {
        let tasks = look().await?.map_or(0, |service| service.running + service.pending);
        if tasks == 0 {
            return Ok(Check::Ready(()));
        }
        let status = format!("{tasks} tasks still run");
        step.status(&status);
        Ok(Check::NotYet(status))
    });
    stopped.await?.map_err(|late| anyhow!(late).context("the service does not stop"))
}
