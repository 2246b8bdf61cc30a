//! Export and import between tables, through DynamoDB's own protocol.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{test_engine::TestEngine, *};
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

const REFUSE: IfExists = IfExists::Refuse("choose another file");

/// Returns three sessions, more than a page of notes, and a cached value.
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
fn export_and_import_round_trip_without_the_cache() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.jsonl");
    let step = || ui::begin("test");
    runtime::wait_for(async {
        let table = TestEngine::start().table();
        table.write(items()).await.unwrap();
        assert!(table.scan(None, Part::Whole).await.unwrap().next.is_some(), "there is more than one page");
        assert_eq!(count(&table).await.unwrap().to_string(), "3 sessions with 26 notes");
        let tally = export(&table, ExportFile::create(&path, REFUSE).unwrap(), &step()).await.unwrap();
        assert_eq!(tally.to_string(), "3 sessions with 26 notes");

        let other = TestEngine::start();
        other.throttle(2);
        for _ in 0..2 {
            assert_eq!(validate(&path).unwrap(), tally);
            assert_eq!(import(&path, &other.table(), &step()).await.unwrap(), tally);
            let mut expected = lines(&table).await;
            expected.retain(|line| !line.contains("TOOL#echo"));
            assert_eq!(lines(&other.table()).await, expected);
        }
    })
    .unwrap();
}

/// The embedded store of a local deployment, from a second connection to its file.
#[test]
fn embedded_store_exports_and_imports() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.jsonl");
    let step = || ui::begin("test");
    let store = |name: &str| {
        let path = directory.path().join(name);
        mcp_stateful::store::embedded::Engine::open(&path)
            .unwrap()
            .dispatch("CreateTable", &test_engine::create_table("mcp_state").to_string())
            .unwrap();
        embedded::open(&path).unwrap()
    };
    runtime::wait_for(async {
        let (table, other) = (store("a.db"), store("b.db"));
        table.write(items()).await.unwrap();
        let tally = export(&table, ExportFile::create(&path, REFUSE).unwrap(), &step()).await.unwrap();
        assert_eq!(tally.to_string(), "3 sessions with 26 notes");
        let mut expected = lines(&table).await;
        expected.retain(|line| !line.contains("TOOL#echo"));
        for _ in 0..2 {
            assert_eq!(import(&path, &other, &step()).await.unwrap(), tally);
            assert_eq!(lines(&other).await, expected);
        }
    })
    .unwrap();
}

#[test]
fn resumed_export_holds_every_item_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.jsonl");
    let step = || ui::begin("test");
    runtime::wait_for(async {
        let table = TestEngine::start().table();
        table.write(items()).await.unwrap();
        let page = table.scan(None, Part::Whole).await.unwrap();
        let mut interrupted = ExportFile::resume(&path, REFUSE, "table").unwrap();
        let first: Vec<_> = page.items.iter().filter(|item| item[PK] != text("TOOL#echo")).take(5).collect();
        for item in first {
            interrupted.add(&json::line(item).unwrap()).unwrap();
        }
        drop(interrupted);
        let resumed = ExportFile::resume(&path, REFUSE, "table").unwrap();
        assert!(resumed.resumed().is_some());
        let tally = export(&table, resumed, &step()).await.unwrap();
        assert_eq!(tally.to_string(), "3 sessions with 26 notes");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), items().len() - 1);
    })
    .unwrap();
}

#[test]
fn table_is_described_and_deleted() {
    runtime::wait_for(async {
        let table = TestEngine::start().table();
        let described = table.describe().await.unwrap().unwrap();
        assert!(described.arn.ends_with("table/gone-state") && !described.deletion_protection, "{described:?}");
        for _ in 0..2 {
            table.delete().await.unwrap();
        }
        assert_eq!(table.describe().await.unwrap(), None);
        let error = table.scan(None, Part::Keys).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot read the table gone-state");
        assert_eq!(crate::aws::http::error_code(&error), Some("ResourceNotFoundException"));
    })
    .unwrap();
}

#[test]
fn counting_stops_at_its_bound() {
    runtime::wait_for(async {
        let table = TestEngine::start().table();
        table.write(items()).await.unwrap();
        let short = count::count_within(&table, 1, std::time::Duration::from_secs(20)).await.unwrap();
        assert!(short.is_partial() && short.notes() < 26, "{short}");
        assert!(short.to_string().starts_with("more than "));
    })
    .unwrap();
}
