//! Checks `infra/prices.json` and `infra/resources.json` against the resources that `infra/` declares.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde::Deserialize;

use super::KNOWN;
use crate::cargo::workspace_root;

/// `infra/prices.json`: prices with their sources, and the charges of each type of resource.
#[derive(Deserialize)]
struct Prices {
    region: String,
    items: BTreeMap<String, Item>,
    resources: BTreeMap<String, Charges>,
    /// By front: how much of each item a month it needs without a request.
    idle: BTreeMap<String, BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct Item {
    usd: f64,
    unit: String,
    source: String,
    date: String,
}

/// The items that are charged, or the reason for which none is.
#[derive(Deserialize)]
struct Charges {
    #[serde(default)]
    items: Vec<String>,
    free: Option<String>,
}

/// `infra/resources.json`: how a resource of a front is found and removed without Terraform's state.
#[derive(Deserialize)]
struct Resources {
    resources: BTreeMap<String, Removal>,
}

#[derive(Deserialize)]
struct Removal {
    arn: Option<String>,
    tagged: bool,
    found_by: String,
    parent: Option<String>,
    removed_by: Vec<String>,
    after: Vec<String>,
}

fn prices() -> Prices {
    serde_json::from_str(&fs::read_to_string(workspace_root().join("infra/prices.json")).unwrap()).unwrap()
}

/// The types of the resources that the files of `infra/` declare, as far as `includes` accepts the file's name.
fn declared(includes: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let files = fs::read_dir(workspace_root().join("infra")).unwrap().map(|entry| entry.unwrap().path());
    let texts = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "tf"))
        .filter(|path| includes(path.file_name().unwrap().to_str().unwrap()))
        .map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| {
            let types = text.lines().filter_map(|line| line.strip_prefix("resource \"")?.split('"').next());
            types.map(ToOwned::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_resource_has_a_price_or_is_free() {
    let prices = prices();
    assert_eq!(prices.resources.keys().cloned().collect::<BTreeSet<_>>(), declared(|_| true));
    for (name, Charges { items, free }) in &prices.resources {
        assert_eq!(items.is_empty(), free.is_some(), "{name} needs items or a reason to be free");
        assert!(items.iter().all(|item| prices.items.contains_key(item)), "{name}: {items:?}");
    }
}

#[test]
fn every_price_has_source_and_date_and_is_used() {
    let prices = prices();
    let used: BTreeSet<&String> = prices.resources.values().flat_map(|charges| &charges.items).collect();
    for (name, Item { usd, unit, source, date }) in &prices.items {
        assert!(*usd > 0.0 && !unit.is_empty() && source.starts_with("https://"), "{name}");
        assert!(date.starts_with("20") && [7, 10].contains(&date.len()), "{name}: {date}");
        assert!(used.contains(name), "{name} is charged for nothing");
    }
}

#[test]
fn plan_has_the_listed_prices() {
    let prices = prices();
    let known = KNOWN.iter().find(|known| known.region == prices.region).unwrap();
    for (item, usd) in [
        ("fargate_vcpu_hour", known.x86_64.0),
        ("fargate_gib_hour", known.x86_64.1),
        ("fargate_arm_vcpu_hour", known.arm64.0),
        ("fargate_arm_gib_hour", known.arm64.1),
        ("public_ipv4_hour", known.address),
        ("dynamodb_million_writes", known.writes),
        ("dynamodb_million_reads", known.reads),
    ] {
        assert!((prices.items[item].usd - usd).abs() < 1e-12, "{item}: {} and {usd}", prices.items[item].usd);
    }
}

#[test]
fn idle_prices_of_fronts_are_documented() {
    let prices = prices();
    let document = fs::read_to_string(workspace_root().join("docs/fronts.md")).unwrap();
    let fronts: Vec<&String> = prices.idle.keys().collect();
    assert_eq!(fronts, ["alb", "cloudfront", "http-api", "none"]);
    for (front, items) in &prices.idle {
        let month: f64 = items.iter().map(|(item, amount)| prices.items[item].usd * amount).sum();
        let row = document.lines().find(|line| line.starts_with(&format!("| `{front}` |"))).unwrap();
        let price = if items.is_empty() { "$0 |".to_owned() } else { format!("${month:.2} a month") };
        assert!(row.contains(&price), "{front} costs {price}: {row}");
    }
}

#[test]
fn every_resource_of_a_front_can_be_found_and_removed() {
    let path = workspace_root().join("infra/resources.json");
    let Resources { resources } = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    // Those that the deployer's cleanup knows, and one that is none of AWS's.
    let known =
        declared(|name| ["table.tf", "token.tf", "logs.tf", "task.tf", "service.tf", "network.tf"].contains(&name));
    let fronts = declared(|name| ["front", "scale", "alarms", "dashboard"].iter().any(|start| name.starts_with(start)));
    let new: BTreeSet<String> =
        fronts.into_iter().filter(|kind| !known.contains(kind) && kind != "aws_acm_certificate_validation").collect();
    assert_eq!(resources.keys().cloned().collect::<BTreeSet<_>>(), new);
    for (name, Removal { arn, tagged, found_by, parent, removed_by, after }) in &resources {
        assert!(["tags", "tags-us-east-1", "parent", "name"].contains(&found_by.as_str()), "{name}: {found_by}");
        assert_eq!(found_by == "parent", removed_by.is_empty(), "{name} goes with its parent or by a call");
        assert!(!found_by.starts_with("tags") || (*tagged && arn.is_some()), "{name} has no tags to be found by");
        let others = after.iter().chain(parent);
        for other in others {
            assert!(resources.contains_key(other) || known.contains(other), "{name}: {other}");
        }
    }
}
