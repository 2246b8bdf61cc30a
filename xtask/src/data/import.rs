//! Imports an export into a table: first validates the whole file, then writes it item by item.
//!
//! An item replaces the one with the same key, so importing twice, or again after an interruption, adds nothing.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::types::AttributeValue;

use super::{PK, SK, json, tally::Tally};
use crate::{
    aws::table::{Item, Table},
    error::{ErrorExt, Exit},
    ui::Step,
};

/// Bounds of the items that are in memory at once.
const MAX_ITEMS: usize = 2_500;
const MAX_BYTES: usize = 8 << 20;

/// Reads a whole file and counts its items. Changes nothing.
///
/// Fails with [`Exit::Usage`] on the first line that is not an item with both keys.
pub(crate) fn validate(path: &Path) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for line in lines(path)? {
        tally.add(&line.hint("nothing was imported; pass a file that `export` or `destroy --export` wrote")?.item);
    }
    Ok(tally)
}

/// Writes every item of a file into a table. Returns the number of items.
pub(crate) async fn import(path: &Path, table: &Table, step: &Step) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut portion = HashMap::new();
    let mut bytes = 0;
    for line in lines(path)? {
        let Line { item, length } = line?;
        tally.add(&item);
        bytes += length;
        // A request must not name a key twice. Of two lines with the same key the later one wins.
        portion.insert(key(&item), item);
        if portion.len() == MAX_ITEMS || bytes >= MAX_BYTES {
            bytes = 0;
            table.write(portion.drain().map(|(_, item)| item).collect()).await?;
            step.note(&tally.to_string());
        }
    }
    table.write(portion.into_values().collect()).await?;
    Ok(tally)
}

/// A line of an export.
struct Line {
    item: Item,
    /// In bytes.
    length: usize,
}

fn lines(path: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Line>>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display())).exit_code(Exit::Usage)?;
    let lines = BufReader::new(file).lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    Ok(lines.map(move |(index, line)| {
        let parsed =
            line.map_err(anyhow::Error::new).and_then(|line| Ok(Line { item: parse_item(&line)?, length: line.len() }));
        parsed
            .with_context(|| format!("invalid line {} of {}: expected an exported item", index + 1, path.display()))
            .exit_code(Exit::Usage)
    }))
}

/// Parses a line. Fails unless it is an item with both keys.
pub(super) fn parse_item(line: &str) -> anyhow::Result<Item> {
    let item = json::parse(line)?;
    let has = |name: &str| matches!(item.get(name), Some(AttributeValue::S(text)) if !text.is_empty());
    if has(PK) && has(SK) { Ok(item) } else { Err(anyhow!("expected the keys {PK} and {SK} as non-empty strings")) }
}

fn key(item: &Item) -> (String, String) {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    (text(PK), text(SK))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::error::exit_of;

    #[test]
    fn invalid_line_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let good = r#"{"Item":{"pk":{"S":"SESSION#a"},"sk":{"S":"META"}}}"#;
        for bad in
            ["{}", r#"{"Item":{"pk":{"S":"SESSION#a"}}}"#, r#"{"Item":{"pk":{"N":"1"},"sk":{"S":"x"}}}"#, "{\"It"]
        {
            fs::write(&path, format!("{good}\n\n{bad}")).unwrap();
            let error = validate(&path).unwrap_err();
            assert!(error.to_string().starts_with("invalid line 3 of "), "{error}");
            assert_eq!(exit_of(&error), Exit::Usage);
        }
        fs::write(&path, format!("{good}\r\n{good}\n")).unwrap();
        assert_eq!(validate(&path).unwrap().to_string(), "1 session with 0 notes");
    }
}
