//! Out of one table and into another, through DynamoDB's own protocol.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{engine::Engine, *};
use crate::{
    aws::table::{Item, Part, Table},
    runtime, ui,
};

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn item(pk: &str, sk: &str, value: AttributeValue) -> Item {
    [(PK, text(pk)), (SK, text(sk)), ("value", value)].map(|(name, value)| (name.to_owned(), value)).into()
}

/// Three sessions, more than a page of notes, and a cache.
fn items() -> Vec<Item> {
    let notes = (0..25).map(|n| item("SESSION#a", &format!("NOTE#v2#{n:03}"), text("x".repeat(50_000))));
    let others = [
        item("SESSION#a", "META", AttributeValue::N("1755360000".to_owned())),
        item("SESSION#b", "META", AttributeValue::Bool(true)),
        item("SESSION#c", "NOTE#1755360000", text("line\nbreak, \"quote\" and \u{1F600}")),
        item("TOOL#echo", "KEY#0123456789abcdef", text("cached")),
    ];
    notes.chain(others).collect()
}

async fn lines(table: &Table) -> BTreeSet<String> {
    let (mut lines, mut from) = (BTreeSet::new(), None);
    loop {
        let page = table.scan(from, Part::Whole).await.unwrap();
        lines.extend(page.items.iter().map(|item| {
            let sorted: std::collections::BTreeMap<_, _> = item.iter().collect();
            format!("{sorted:?}")
        }));
        from = page.next;
        if from.is_none() {
            return lines;
        }
    }
}

#[test]
fn an_export_read_back_gives_the_same_items_without_the_cache() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.jsonl");
    let step = || ui::begin("test");
    runtime::wait_for(async {
        let table = Engine::start().table();
        table.write(items()).await.unwrap();
        assert!(table.scan(None, Part::Whole).await.unwrap().next.is_some(), "there is more than one page");
        assert_eq!(count(&table).await.unwrap().to_string(), "3 sessions with 26 notes");
        let tally = export(&table, Export::open(&path).unwrap(), &step()).await.unwrap();
        assert_eq!(tally.to_string(), "3 sessions with 26 notes");

        let other = Engine::start();
        other.be_busy(2);
        for _ in 0..2 {
            assert_eq!(read(&path).unwrap(), tally);
            assert_eq!(write(&path, &other.table(), &step()).await.unwrap(), tally);
            let mut expected = lines(&table).await;
            expected.retain(|line| !line.contains("TOOL#echo"));
            assert_eq!(lines(&other.table()).await, expected);
        }
    })
    .unwrap();
}

#[test]
fn a_table_comes_and_goes() {
    runtime::wait_for(async {
        let table = Engine::start().table();
        let described = table.describe().await.unwrap().unwrap();
        assert!(described.arn.ends_with("table/gone-state") && !described.deletion_protection, "{described:?}");
        for _ in 0..2 {
            table.delete().await.unwrap();
        }
        assert_eq!(table.describe().await.unwrap(), None);
        let error = table.scan(None, Part::Keys).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot read the table gone-state");
        assert_eq!(crate::aws::http::code(&error), Some("ResourceNotFoundException"));
    })
    .unwrap();
}

#[test]
fn counting_stops_at_its_bound_and_says_so() {
    runtime::wait_for(async {
        let table = Engine::start().table();
        table.write(items()).await.unwrap();
        let short = count::count_within(&table, 1, std::time::Duration::from_secs(20)).await.unwrap();
        assert!(short.is_short() && short.notes() < 26, "{short}");
        assert!(short.to_string().starts_with("more than "));
    })
    .unwrap();
}
