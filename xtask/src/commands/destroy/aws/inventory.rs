//! Lists the resources of a deployment before it is destroyed, with a detail about each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::{ecr, ecs, logs, table::Table},
    cleanup::{self, Found, Kind, Resource},
    columns,
    data::{self, Tally},
    stack::DeploymentTarget,
    ui::Reporter,
};

/// The resources of a deployment.
#[derive(Debug)]
pub(super) struct Inventory {
    pub(super) found: Found,
    /// Name of the deployment's table, which need not exist.
    pub(super) table: String,
    /// Contents of the table, if it belongs to the project.
    pub(super) tally: Option<Tally>,
    /// True if AWS refuses to delete the table.
    pub(super) protected: bool,
    details: BTreeMap<Resource, String>,
}

/// Reads everything. Changes nothing.
pub(super) async fn take(place: &DeploymentTarget, reporter: Reporter) -> anyhow::Result<Inventory> {
    // An unreadable state must not end a destroy: the tags show which table belongs to the project.
    let outputs = place.outputs(reporter).await.unwrap_or_else(|error| {
        reporter.warning(&format!("the state cannot be read; resources are found by their tags: {error:#}"));
        None
    });
    let expected = outputs.map_or_else(|| place.names.table(), |outputs| outputs.dynamodb_table);
    let found = cleanup::find(&place.account, &place.names, &expected).await?;
    let is_expected = |thing: &&Resource| thing.kind == Kind::Table && thing.name == expected;
    let table = found.owned.iter().find(is_expected).map(|thing| thing.name.as_str()).or(found.named(Kind::Table));
    let mut inventory = Inventory::new(found.clone(), table.unwrap_or(&expected));
    if found.has(Kind::Table) {
        inventory.look_at_table(&Table::new(&place.account, &inventory.table)).await?;
    }
    for thing in found.owned {
        if let Some(detail) = detail(place, &thing).await? {
            inventory.details.insert(thing, detail);
        }
    }
    Ok(inventory)
}

impl Inventory {
    pub(super) fn new(found: Found, table: &str) -> Self {
        Self { found, table: table.to_owned(), tally: None, protected: false, details: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.owned.is_empty()
    }

    pub(super) fn detail(&self, thing: &Resource) -> String {
        self.details.get(thing).cloned().unwrap_or_default()
    }

    /// Renders a table for people.
    pub(super) fn table(&self) -> String {
        let row = |thing: &Resource, detail: String| vec![thing.kind.words().to_owned(), thing.name.clone(), detail];
        let ours = self.found.owned.iter().map(|thing| row(thing, self.detail(thing)));
        let others =
            self.found.foreign.iter().map(|thing| row(thing, "not created by this project: not touched".to_owned()));
        columns::render(&ours.chain(others).collect::<Vec<_>>())
    }

    /// Returns the event for programs.
    pub(super) fn event(&self) -> Value {
        json!({
            "event": "inventory",
            "things": self.found.owned,
            "left_alone": self.found.foreign,
            "sessions": self.tally.as_ref().map(Tally::sessions),
            "notes": self.tally.as_ref().map(Tally::notes),
            "more": self.tally.as_ref().is_some_and(Tally::is_partial),
        })
    }

    async fn look_at_table(&mut self, table: &Table) -> anyhow::Result<()> {
        let Some(described) = table.describe().await? else { return Ok(()) };
        self.protected = described.deletion_protection;
        let thing = Resource::new(Kind::Table, table.name());
        if !described.is_active() {
            self.details.insert(thing, format!("is {}", described.status.as_str().to_lowercase()));
            return Ok(());
        }
        let tally = data::count(table).await?;
        self.details.insert(thing, tally.to_string());
        self.tally = Some(tally);
        Ok(())
    }
}

async fn detail(place: &DeploymentTarget, thing: &Resource) -> anyhow::Result<Option<String>> {
    let account = &place.account;
    Ok(match thing.kind {
        Kind::Service => {
            let service = ecs::service(account, &place.names.cluster(), &place.names.service()).await?;
            service.map(|service| format!("{} of {} tasks run", service.running, service.desired))
        }
        Kind::TaskDefinitions => {
            let revisions = ecs::definitions(account, &thing.name, ecs::TaskDefinitionStatus::Active).await?;
            Some(format!("{} active", revisions.len()))
        }
        Kind::LogGroup | Kind::InsightsLogGroup => {
            logs::group(account, &thing.name).await?.map(|group| format!("{} bytes", group.stored_bytes))
        }
        Kind::Repository => Some(match ecr::images(account, &thing.name).await? {
            1 => "1 image".to_owned(),
            images => format!("{images} images"),
        }),
        _ => None,
    })
}
