//! Exports a table page by page, so that memory does not grow with the table.

use anyhow::Context;

use super::{
    ExportFile, json, key_of,
    tally::{ItemKind, Tally, item_kind},
};
use crate::{
    aws::table::{Part, Table},
    ui::Step,
};

/// The number of notes between two progress lines.
const REPORT_EVERY: u64 = 10_000;

/// Writes every item of the table to the file, except the tools' cached values. Returns the number of items in the
/// file.
///
/// An export is not a snapshot: a note that is added while it runs may be missing.
pub(crate) async fn export(table: &Table, mut file: ExportFile, step: &Step) -> anyhow::Result<Tally> {
    let mut reported = file.tally.notes();
    let mut from = file.last.take();
    loop {
        let page = table.scan(from, Part::Whole).await?;
        for item in page.items.iter().filter(|item| item_kind(item) != ItemKind::Cache) {
            let line = json::line(item);
            file.add(&line.with_context(|| format!("cannot export {} of the table {}", name(item), table.name()))?)?;
            file.tally.add(item);
        }
        file.flush()?;
        if file.tally.notes() >= reported + REPORT_EVERY {
            reported = file.tally.notes();
            step.note(&file.tally.to_string());
        }
        from = page.next;
        if from.is_none() {
            return file.finish();
        }
    }
}

fn name(item: &crate::aws::table::Item) -> String {
    let key = key_of(item);
    let text = |name: &str| key.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    format!("{} {}", text(super::PK), text(super::SK))
}
