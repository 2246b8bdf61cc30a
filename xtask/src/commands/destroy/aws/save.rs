//! Stops the service, then saves its notes: one that is acknowledged while the export runs would be in no file.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use super::inventory::Inventory;
use crate::{
    aws::{
        ecs::{self, Change},
        table::Table,
    },
    cleanup::Kind,
    data::{self, Export, Tally},
    stack::DeploymentTarget,
    ui::Step,
};

/// A task has 30 seconds to end, and ECS some to notice.
const PATIENCE: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn save(
    place: &DeploymentTarget,
    inventory: &Inventory,
    export: Export,
    step: &Step,
) -> anyhow::Result<Tally> {
    if inventory.found.has(Kind::Service) {
        stop(place, step).await?;
    }
    let table = Table::of(&place.account, &inventory.table);
    data::export(&table, export, step).await.context("the export failed")
}

async fn stop(place: &DeploymentTarget, step: &Step) -> anyhow::Result<()> {
    let (cluster, name) = (place.names.cluster(), place.names.service());
    let look = || ecs::service(&place.account, &cluster, &name);
    let Some(service) = look().await? else { return Ok(()) };
    // One that drains was deleted, and takes no more orders.
    if service.status == "ACTIVE" && service.desired > 0 {
        step.note("the service is stopped, so that no note is added meanwhile");
        ecs::update(&place.account, &cluster, &name, Change::DesiredCount(0))
            .await
            .context("cannot stop the service")?;
    }
    let since = Instant::now();
    let mut told = None;
    while let Some(service) = look().await? {
        let tasks = service.running + service.pending;
        if tasks == 0 {
            return Ok(());
        }
        if since.elapsed() >= PATIENCE {
            return Err(anyhow!("the service does not stop: {tasks} of its tasks still run"));
        }
        if told.replace(tasks) != Some(tasks) {
            step.note(&format!("{tasks} of its tasks still run"));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
