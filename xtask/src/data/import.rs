//! Reads an export back into a table: first all of the file, to see that it is one, then item by item.
//!
//! An item replaces the one with its key, so importing twice is as good as once.

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

/// Items that are written before the step says how far it is.
const PORTION: usize = 2_500;

/// Looks through a whole file without changing anything, and says what is in it.
pub(crate) fn read(path: &Path) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for item in items(path)? {
        tally.add(&item.hint("nothing was imported: give the file that `destroy --export` wrote")?);
    }
    Ok(tally)
}

/// Writes all of a file into a table.
pub(crate) async fn write(path: &Path, table: &Table, step: &Step) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut portion = HashMap::new();
    for item in items(path)? {
        let item = item?;
        tally.add(&item);
        // One request may not name a key twice; of two lines with the same key the later one counts.
        portion.insert(key(&item), item);
        if portion.len() == PORTION {
            table.write(portion.drain().map(|(_, item)| item).collect()).await?;
            step.note(&tally.to_string());
        }
    }
    table.write(portion.into_values().collect()).await?;
    Ok(tally)
}

fn items(path: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Item>>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display())).exit_code(Exit::Usage)?;
    let lines = BufReader::new(file).lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    Ok(lines.map(move |(index, line)| {
        let number = index + 1;
        let item = line.map_err(anyhow::Error::new).and_then(|line| parse(&line));
        item.with_context(|| format!("line {number} of {} is no item of an export", path.display()))
            .exit_code(Exit::Usage)
    }))
}

fn parse(line: &str) -> anyhow::Result<Item> {
    let item = json::parse(line)?;
    let has = |name: &str| matches!(item.get(name), Some(AttributeValue::S(text)) if !text.is_empty());
    if has(PK) && has(SK) { Ok(item) } else { Err(anyhow!("it has not both keys, {PK} and {SK}, as texts")) }
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
    fn the_line_that_is_wrong_is_named_before_anything_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let good = r#"{"Item":{"pk":{"S":"SESSION#a"},"sk":{"S":"META"}}}"#;
        for bad in
            ["{}", r#"{"Item":{"pk":{"S":"SESSION#a"}}}"#, r#"{"Item":{"pk":{"N":"1"},"sk":{"S":"x"}}}"#, "{\"It"]
        {
            fs::write(&path, format!("{good}\n\n{bad}")).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.to_string().starts_with("line 3 of "), "{error}");
            assert_eq!(exit_of(&error), Exit::Usage);
        }
        fs::write(&path, format!("{good}\r\n{good}\n")).unwrap();
        assert_eq!(read(&path).unwrap().to_string(), "1 session with 0 notes");
    }
}
