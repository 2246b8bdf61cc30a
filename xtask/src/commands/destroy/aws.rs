//! `cargo xtask destroy` on AWS: named steps, from an inventory to a receipt.
//!
//! Terraform removes what is in its state. The cleanup removes whatever else has the project's tags, so destroy works
//! without a state, too. If Terraform fails, the cleanup may remove the cause, such as a policy that another tool
//! attached to a role: then Terraform runs once more. Only resources that are left fail the command. Rerunning it after
//! an interruption finishes the job.

mod export;
mod inventory;
mod preconditions;
mod terraform;

use std::{fs, io};

use anyhow::{Context, anyhow};

use self::inventory::Inventory;
use crate::{
    cleanup::{self, Kind, Receipt, Remainder, Resource},
    cli,
    confirm::{Expected, confirm},
    data::{ExportFile, IfExists, Tally},
    error::{ErrorExt, Exit},
    lock::{self, Lock},
    runtime,
    stack::{Backend, DeploymentTarget, StateLocked},
    ui::{self, Reporter},
};

const IF_EXISTS: IfExists = IfExists::Refuse(
    "choose another file; if this one is from an interrupted destroy, rerun the command without --export",
);

pub(crate) fn run(args: &cli::Destroy, reporter: Reporter) -> anyhow::Result<()> {
    runtime::until_interrupted(destroy(args, reporter))
}

async fn destroy(args: &cli::Destroy, reporter: Reporter) -> anyhow::Result<()> {
    let place = DeploymentTarget::resolve(&args.which).await?;
    let inventory = take_inventory(&place, reporter).await?;
    if inventory.is_empty() {
        return report_nothing(&place, &inventory, reporter).await;
    }
    preconditions::check(&inventory, args)?;
    let export = args.export.as_deref().map(|file| ExportFile::create(file, IF_EXISTS)).transpose()?;
    confirm_destroy(&inventory, args)?;
    let lock = lock(&place, reporter).await?;
    if let Some(export) = export {
        stop_and_export(&place, &inventory, export, reporter).await?;
    }
    let failure = run_terraform(&place, &lock, args.keep_data, reporter).await?;
    remove(&place, &inventory, Kind::Repository, "images", reporter).await;
    remove(&place, &inventory, Kind::TaskDefinitions, "revisions", reporter).await;
    let swept = clean_up(&place, &inventory, args.keep_data, failure.as_ref(), reporter).await?;
    let (swept, second_failure) = match failure {
        None => (swept, None),
        Some(_) => {
            let failure = run_terraform(&place, &lock, args.keep_data, reporter).await?;
            (still_there(&place, &inventory, swept).await?, failure)
        }
    };
    let receipt = receipt(&inventory, swept);
    if receipt.leftovers.is_empty() {
        forget(&place, !receipt.kept.is_empty(), lock)?;
    }
    present(&place, &receipt, second_failure.is_none(), reporter);
    require_nothing_left(&place, &receipt, second_failure.or(failure))
}

/// Lists what exists, with the number of notes.
async fn take_inventory(place: &DeploymentTarget, reporter: Reporter) -> anyhow::Result<Inventory> {
    let step = reporter.begin("inventory");
    step.note(&format!("directory {}", place.home.root().display()));
    let inventory = inventory::take(place, reporter).await?;
    step.done(&format!("{} in account {}, {}", place.names.project(), place.account.id(), place.account.region()));
    if reporter == Reporter::Json || !inventory.is_empty() {
        reporter.progress(&inventory.event(), || inventory.table());
    }
    Ok(inventory)
}

/// Reports that nothing exists, which is a success. Deletes the deployment's directory on this machine, if there is
/// one.
async fn report_nothing(place: &DeploymentTarget, inventory: &Inventory, reporter: Reporter) -> anyhow::Result<()> {
    let project = place.names.project();
    if place.home.root().exists() {
        forget(place, false, lock(place, reporter).await?)?;
    }
    let receipt = Receipt { left_alone: inventory.found.foreign.clone(), ..Receipt::default() };
    reporter.result(&receipt.event(project.as_str()), || {
        let (account, region) = (place.account.id(), place.account.region());
        let nothing = format!("{project} does not exist in account {account}, region {region}: nothing to remove");
        if receipt.left_alone.is_empty() { nothing } else { format!("{nothing}\n{}", receipt.table()) }
    });
    Ok(())
}

/// Asks for the project's name.
fn confirm_destroy(inventory: &Inventory, args: &cli::Destroy) -> anyhow::Result<()> {
    let project = &args.which.project;
    let question = preconditions::question(inventory, args);
    confirm(args.yes, &format!("destroying {project}"), &question, Expected::Name(project.as_str()))
}

async fn lock(place: &DeploymentTarget, reporter: Reporter) -> anyhow::Result<Lock> {
    place.home.create()?;
    lock::wait(&place.home.lock(), reporter).await
}

/// Stops the service, so that no note is added that the export lacks, and saves every note to a file.
async fn stop_and_export(
    place: &DeploymentTarget,
    inventory: &Inventory,
    export: ExportFile,
    reporter: Reporter,
) -> anyhow::Result<()> {
    let step = reporter.begin("export");
    let path = export.path().to_owned();
    let exported = export::stop_and_export(place, inventory, export, &step).await;
    let tally: Tally = exported.hint(format!(
        "nothing was deleted; if the service was stopped, run `cargo xtask deploy{}` to start it again",
        place.names.project().flag()
    ))?;
    step.done(&format!("{tally} in {}", path.display()));
    Ok(())
}

/// Removes what is in Terraform's state. Returns Terraform's error, because the cleanup does not need Terraform.
///
/// Fails while another operator holds the state's lock: that deployment must not lose its resources.
async fn run_terraform(
    place: &DeploymentTarget,
    lock: &Lock,
    keep_data: bool,
    reporter: Reporter,
) -> anyhow::Result<Option<anyhow::Error>> {
    let step = reporter.begin("terraform");
    match terraform::destroy(place, lock, keep_data, &step).await {
        Ok(removed) => {
            step.done(&removed.map_or_else(
                || "the state is empty; resources are found by their tags".to_owned(),
                |resources| format!("{resources} resources removed"),
            ));
            Ok(None)
        }
        Err(error) if StateLocked::caused(&error) => Err(error),
        Err(error) => {
            step.warning(&format!("{error:#}"));
            step.done("failed; what is left is found by its tags");
            Ok(Some(error))
        }
    }
}

/// Removes resources that Terraform does not manage, with a step for each. Failures are left to the cleanup.
async fn remove(place: &DeploymentTarget, inventory: &Inventory, kind: Kind, name: &'static str, reporter: Reporter) {
    for resource in inventory.found.owned.iter().filter(|resource| resource.kind == kind) {
        let step = reporter.begin(name);
        step.done(&match cleanup::remove(&place.account, &place.names, resource).await {
            Ok(()) => format!("{resource} removed"),
            Err(error) => format!("{resource} cannot be removed yet: {error:#}"),
        });
    }
}

/// Removes what is left, until nothing is left or nothing more can be removed. An error keeps that of Terraform.
async fn clean_up(
    place: &DeploymentTarget,
    inventory: &Inventory,
    keep_data: bool,
    terraform: Option<&anyhow::Error>,
    reporter: Reporter,
) -> anyhow::Result<Remainder> {
    let step = reporter.begin("sweep");
    let keep = |resource: &Resource| keep_data && resource.kind == Kind::Table;
    let swept = cleanup::remove_all(&place.account, &place.names, &inventory.table, keep, &step)
        .await
        .hint_if_some(terraform.map(|error| format!("Terraform had failed before: {error:#}")))
        .exit_code(Exit::Apply)?;
    step.done(&match swept.leftovers.len() {
        0 => "nothing is left".to_owned(),
        number => format!("{number} left"),
    });
    Ok(swept)
}

/// Returns the remainder without the leftovers that are gone by now.
async fn still_there(
    place: &DeploymentTarget,
    inventory: &Inventory,
    remainder: Remainder,
) -> anyhow::Result<Remainder> {
    if remainder.leftovers.is_empty() {
        return Ok(remainder);
    }
    let found = cleanup::find(&place.account, &place.names, &inventory.table).await.exit_code(Exit::Apply)?;
    let Remainder { kept, mut leftovers } = remainder;
    leftovers.retain(|left| found.owned.contains(&left.resource));
    Ok(Remainder { kept, leftovers })
}

/// Counts every resource of the inventory as gone that is neither kept nor left, whatever removed it.
fn receipt(inventory: &Inventory, Remainder { kept, leftovers }: Remainder) -> Receipt {
    let exists = |thing: &Resource| kept.contains(thing) || leftovers.iter().any(|left| left.resource == *thing);
    Receipt {
        gone: inventory.found.owned.iter().filter(|thing| !exists(thing)).cloned().collect(),
        kept: kept.into_iter().map(|thing| (thing.clone(), inventory.detail(&thing))).collect(),
        left_alone: inventory.found.foreign.clone(),
        leftovers,
    }
}

/// Deletes what this machine remembers of the deployment. If the table is kept, only the outputs go: the next deploy
/// needs the settings to find the state. Windows cannot delete a locked file, so the lock is released first.
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

fn present(place: &DeploymentTarget, receipt: &Receipt, state_is_empty: bool, reporter: Reporter) {
    let project = place.names.project();
    reporter.result(&receipt.event(project.as_str()), || receipt.table());
    if reporter == Reporter::Json {
        return;
    }
    if !receipt.kept.is_empty() {
        ui::progress(&format!("run `cargo xtask deploy{}` to serve the kept notes again", project.flag()));
    }
    let state = &place.settings.state;
    match (state, state_is_empty) {
        (Backend::Local, _) => {}
        (Backend::S3 { .. }, true) => ui::progress(&format!("the empty state stays in place: {state}")),
        (Backend::S3 { .. }, false) => {
            ui::progress(&format!("the state stays in place: {state}; the next deploy drops from it what is gone"));
        }
    }
}

fn require_nothing_left(
    place: &DeploymentTarget,
    receipt: &Receipt,
    terraform: Option<anyhow::Error>,
) -> anyhow::Result<()> {
    let number = match receipt.leftovers.len() {
        0 => return Ok(()),
        1 => "1 resource".to_owned(),
        number => format!("{number} resources"),
    };
    let what = format!("{number} of {} could not be removed", place.names.project());
    let error = match terraform {
        Some(error) => error.context(what),
        None => anyhow!(what),
    };
    Err(error.hint("fix the causes listed above, then rerun the command").exit_code(Exit::Apply))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cleanup::{Found, Leftover};

    #[test]
    fn resources_neither_kept_nor_left_are_gone() {
        let [role, table, group] = [(Kind::Role, "role"), (Kind::Table, "table"), (Kind::LogGroup, "group")]
            .map(|(kind, name)| Resource::new(kind, name));
        let found = Found { owned: vec![role.clone(), table.clone(), group.clone()], foreign: Vec::new() };
        let inventory = Inventory::new(found, "table");
        let leftovers = vec![Leftover { resource: group.clone(), reason: "denied".to_owned() }];
        let with_data = receipt(&inventory, Remainder { kept: vec![table.clone()], leftovers });
        assert_eq!(with_data.gone.iter().collect::<Vec<_>>(), [&role]);
        assert_eq!(with_data.kept[0].0, table);
        assert_eq!(with_data.leftovers[0].resource, group);
        assert_eq!(receipt(&inventory, Remainder::default()).gone, [role, table, group]);
    }
}
