//! `cargo xtask destroy` on AWS: named steps, from what there is to a receipt of what became of it.
//!
//! Terraform removes what it knows of, and the sweep whatever else has the project's tags; so it works without a state as
//! well, and running it again after any kind of interruption finishes.

mod confirm;
mod inventory;
mod save;
mod terraform;

use std::{fs, io};

use anyhow::{Context, anyhow};

use self::inventory::Inventory;
use crate::{
    cleanup::{self, Kind, Receipt, Resource, Swept},
    cli,
    data::{Export, Tally},
    error::{ErrorExt, Exit},
    lock::{self, Lock},
    runtime,
    stack::{Backend, DeploymentTarget},
    ui,
};

pub(crate) fn run(args: &cli::Destroy) -> anyhow::Result<()> {
    if args.json {
        ui::tell_events();
    }
    runtime::until_interrupted(destroy(args))
}

async fn destroy(args: &cli::Destroy) -> anyhow::Result<()> {
    let place = DeploymentTarget::of(&args.which).await?;
    let inventory = inventory(&place).await?;
    if inventory.is_empty() {
        return nothing(&place, &inventory).await;
    }
    confirm::is_possible(&inventory, args)?;
    let export = args.export.as_deref().map(Export::open).transpose()?;
    confirm::ask(&inventory, args)?;
    let lock = lock(&place).await?;
    if let Some(export) = export {
        save(&place, &inventory, export).await?;
    }
    terraform(&place, &lock, args.keep_data).await?;
    remove(&place, &inventory, Kind::Repository, "images").await?;
    remove(&place, &inventory, Kind::TaskDefinitions, "revisions").await?;
    let swept = sweep(&place, &inventory, args.keep_data).await?;
    let receipt = receipt(&inventory, swept);
    if receipt.left.is_empty() {
        forget(&place, !receipt.kept.is_empty(), lock)?;
    }
    present(&place, &receipt)
}

/// What there is, with the number of notes.
async fn inventory(place: &DeploymentTarget) -> anyhow::Result<Inventory> {
    let step = ui::begin("inventory");
    let inventory = inventory::take(place).await?;
    step.done(&format!("{} in account {}, {}", place.names.project(), place.account.id(), place.account.region()));
    if !ui::event(&inventory.event()) && !inventory.is_empty() {
        ui::progress(&inventory.table());
    }
    Ok(inventory)
}

/// What does not exist is as destroyed as it can be. A directory that is left of it goes.
async fn nothing(place: &DeploymentTarget, inventory: &Inventory) -> anyhow::Result<()> {
    let project = place.names.project();
    if place.home.root().exists() {
        forget(place, false, lock(place).await?)?;
    }
    let receipt = Receipt { left_alone: inventory.found.others.clone(), ..Receipt::default() };
    if !ui::event(&receipt.event(project.as_str())) {
        let (account, region) = (place.account.id(), place.account.region());
        ui::result(&format!("nothing of {project} is in account {account}, region {region}"));
        if !receipt.left_alone.is_empty() {
            ui::result(&receipt.table());
        }
    }
    Ok(())
}

async fn lock(place: &DeploymentTarget) -> anyhow::Result<Lock> {
    place.home.create()?;
    lock::wait(&place.home.lock()).await
}

/// Saves every note to a file. The service is stopped first, so that nobody adds one that is not in it.
async fn save(place: &DeploymentTarget, inventory: &Inventory, export: Export) -> anyhow::Result<()> {
    let step = ui::begin("export");
    let path = export.path().to_owned();
    let saved = save::save(place, inventory, export, &step).await;
    let tally: Tally = saved.hint(format!(
        "nothing was deleted; if the service was stopped, `cargo xtask deploy{}` starts it again",
        place.names.project().flag()
    ))?;
    step.done(&format!("{tally} in {}", path.display()));
    Ok(())
}

/// Removes what Terraform knows of, in its order.
async fn terraform(place: &DeploymentTarget, lock: &Lock, keep_data: bool) -> anyhow::Result<()> {
    let step = ui::begin("terraform");
    let removed = terraform::destroy(place, lock, keep_data, &step).await?;
    step.done(&removed.map_or_else(
        || "there is nothing in its state; what there is, is found by its tags".to_owned(),
        |resources| format!("{resources} resources removed"),
    ));
    Ok(())
}

/// Removes what Terraform does not manage. What does not go now is left to the sweep.
async fn remove(place: &DeploymentTarget, inventory: &Inventory, kind: Kind, name: &'static str) -> anyhow::Result<()> {
    let things = inventory.found.ours.iter().filter(|thing| thing.kind == kind);
    for thing in things {
        let step = ui::begin(name);
        let outcome = match cleanup::remove(&place.account, &place.names, thing).await {
            Ok(()) => format!("{thing} removed"),
            Err(error) => format!("{thing} cannot be removed yet: {error:#}"),
        };
        step.done(&outcome);
    }
    Ok(())
}

/// Removes what is left, until nothing is or nothing more goes.
async fn sweep(place: &DeploymentTarget, inventory: &Inventory, keep_data: bool) -> anyhow::Result<Swept> {
    let step = ui::begin("sweep");
    let keep = |thing: &Resource| keep_data && thing.kind == Kind::Table;
    let swept =
        cleanup::sweep(&place.account, &place.names, &inventory.table, keep, &step).await.exit_code(Exit::Apply)?;
    step.done(&match swept.left.len() {
        0 => "nothing is left".to_owned(),
        number => format!("{number} left"),
    });
    Ok(swept)
}

/// What was there and is not any more is gone, whoever removed it.
fn receipt(inventory: &Inventory, Swept { kept, left }: Swept) -> Receipt {
    let is_there = |thing: &Resource| kept.contains(thing) || left.iter().any(|left| left.thing == *thing);
    Receipt {
        gone: inventory.found.ours.iter().filter(|thing| !is_there(thing)).cloned().collect(),
        kept: kept.into_iter().map(|thing| (thing.clone(), inventory.detail(&thing))).collect(),
        left_alone: inventory.found.others.clone(),
        left,
    }
}

/// Deletes what this machine remembers of the deployment. With the table stays what the next deploy has to know: where the
/// state is. Where a lock keeps its file from being deleted (Windows), it is given up first.
fn forget(place: &DeploymentTarget, keep_data: bool, lock: Lock) -> anyhow::Result<()> {
    if keep_data {
        let outputs = place.home.outputs();
        return match fs::remove_file(&outputs) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", outputs.display())).exit_code(Exit::Apply)
            }
            _ => Ok(()),
        };
    }
    if cfg!(windows) {
        drop(lock);
        return place.home.remove().exit_code(Exit::Apply);
    }
    place.home.remove().exit_code(Exit::Apply)
}

fn present(place: &DeploymentTarget, receipt: &Receipt) -> anyhow::Result<()> {
    let project = place.names.project();
    if !ui::event(&receipt.event(project.as_str())) {
        ui::result(&receipt.table());
        if !receipt.kept.is_empty() {
            ui::progress(&format!("`cargo xtask deploy{}` serves what was kept again", project.flag()));
        }
        if place.settings.state != Backend::Local {
            ui::progress(&format!(
                "the state, which has nothing in it any more, stays where it is: {}",
                place.settings.state
            ));
        }
    }
    match receipt.left.len() {
        0 => Ok(()),
        number => Err(anyhow!("{number} of what {project} was made of could not be removed"))
            .hint("see to the reasons above, then run the same command again")
            .exit_code(Exit::Apply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cleanup::{Found, Left};

    #[test]
    fn what_is_neither_kept_nor_left_is_gone() {
        let [role, table, group] = [(Kind::Role, "role"), (Kind::Table, "table"), (Kind::LogGroup, "group")]
            .map(|(kind, name)| Resource::new(kind, name));
        let found = Found { ours: vec![role.clone(), table.clone(), group.clone()], others: Vec::new() };
        let inventory = Inventory::of(found, "table");
        let left = vec![Left { thing: group.clone(), reason: "denied".to_owned() }];
        let with_data = receipt(&inventory, Swept { kept: vec![table.clone()], left });
        assert_eq!(with_data.gone.iter().collect::<Vec<_>>(), [&role]);
        assert_eq!(with_data.kept[0].0, table);
        assert_eq!(with_data.left[0].thing, group);
        assert_eq!(receipt(&inventory, Swept::default()).gone, [role, table, group]);
    }
}
