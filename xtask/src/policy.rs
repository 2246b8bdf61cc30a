//! The IAM policy of a user who deploys one project, and nothing else: `infra/deployer-policy.json` with its names filled in.
//!
//! The rehearsal deploys with exactly this.

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::{ErrorExt, Exit},
    project::Project,
    stack::Names,
};

const TEMPLATE: &str = include_str!("../../infra/deployer-policy.json");
/// Stands for the bucket of the state. Without a bucket, the statements that have it are left out.
const BUCKET: &str = "${state_bucket}";

/// What the policy is for.
#[derive(Debug, Clone)]
pub struct Scope {
    pub project: Project,
    pub region: String,
    /// Twelve digits, or `*`.
    pub account: String,
    pub state_bucket: Option<String>,
}

/// A policy, its parts in the order in which people read them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    version: String,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: String,
    action: Value,
    resource: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// Fills in the names.
pub fn render(scope: &Scope) -> anyhow::Result<Document> {
    scope.check()?;
    let names = Names::of(&scope.project);
    let (repository, table) = (names.repository(), names.table());
    let places = [
        ("${partition}", scope.partition()),
        ("${region}", scope.region.as_str()),
        ("${account}", scope.account.as_str()),
        ("${project}", scope.project.as_str()),
        ("${repository}", repository.as_str()),
        ("${table}", table.as_str()),
        (BUCKET, scope.state_bucket.as_deref().unwrap_or(BUCKET)),
    ];
    let text = places.iter().fold(TEMPLATE.to_owned(), |text, (place, name)| text.replace(place, name));
    let mut document: Document = serde_json::from_str(&text).context("cannot read infra/deployer-policy.json")?;
    document.statement.retain(|statement| !statement.resource.to_string().contains(BUCKET));
    Ok(document)
}

impl Document {
    /// For people.
    pub(crate) fn pretty(&self) -> anyhow::Result<String> {
        serde_json::to_string_pretty(self).context("cannot write the policy")
    }

    /// As IAM counts it: without white space.
    pub fn compact(&self) -> anyhow::Result<String> {
        serde_json::to_string(self).context("cannot write the policy")
    }
}

impl Scope {
    /// Lets nothing into the JSON that is not a name: a quote would change what the policy says.
    fn check(&self) -> anyhow::Result<()> {
        let lower = |text: &str, more: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
            !text.is_empty() && text.chars().all(fits)
        };
        let account = &self.account;
        if account != "*" && (account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit())) {
            return wrong(format!("{account} is no account"), "an account has twelve digits, as in 123456789012");
        }
        if !lower(&self.region, "-") {
            return wrong(format!("{} is no region", self.region), "a region looks like us-east-1");
        }
        match &self.state_bucket {
            Some(bucket) if !lower(bucket, ".-") => {
                wrong(format!("{bucket} is no bucket"), "give the bucket's name alone, without s3:// and key")
            }
            _ => Ok(()),
        }
    }

    fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            _ if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

fn wrong(what: String, hint: &str) -> anyhow::Result<()> {
    Err(anyhow!(what)).hint(hint).exit_code(Exit::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::names::{MANAGED_BY, PROJECT};

    /// What IAM takes as a managed policy, without white space.
    const LONGEST: usize = 6_144;

    fn scope(project: &str, region: &str, state_bucket: Option<String>) -> Scope {
        let (project, region) = (project.parse().unwrap(), region.to_owned());
        Scope { project, region, account: "123456789012".to_owned(), state_bucket }
    }

    fn texts(value: &Value) -> Vec<String> {
        match value {
            Value::Array(values) => values.iter().map(|value| value.as_str().unwrap().to_owned()).collect(),
            value => vec![value.as_str().unwrap().to_owned()],
        }
    }

    #[test]
    fn the_longest_names_still_make_a_policy_that_iam_takes() {
        for region in ["ap-southeast-2", "us-gov-west-1"] {
            let rendered = render(&scope(&"p".repeat(32), region, Some("b".repeat(63)))).unwrap().compact().unwrap();
            assert!(rendered.len() <= LONGEST, "{region}: {} characters", rendered.len());
        }
    }

    #[test]
    fn no_place_is_left_unfilled() {
        for bucket in [None, Some("bucket".to_owned())] {
            let rendered = render(&scope("ab", "eu-west-1", bucket.clone())).unwrap().compact().unwrap();
            assert!(!rendered.contains("${"), "{rendered}");
            assert_eq!(rendered.contains("s3:"), bucket.is_some());
        }
    }

    #[test]
    fn no_action_is_a_pattern_and_only_reads_are_unscoped() {
        let document = render(&scope("ab", "eu-west-1", None)).unwrap();
        for statement in &document.statement {
            assert!(texts(&statement.action).iter().all(|action| !action.contains('*')), "{}", statement.sid);
            if texts(&statement.resource).contains(&"*".to_owned()) && statement.condition.is_none() {
                assert_eq!(statement.sid, "Read");
            }
        }
    }

    #[test]
    fn what_the_deployer_touches_is_in_it_under_its_own_name() {
        let scope = scope("ab", "eu-west-1", None);
        let rendered = render(&scope).unwrap().compact().unwrap();
        let names = Names::of(&scope.project);
        for name in [
            names.repository(),
            names.cluster(),
            names.service(),
            names.family(),
            names.log_group(),
            names.token_parameter(),
            names.table(),
        ] {
            assert!(rendered.contains(&name), "{name}");
        }
        // Both roles by one pattern: four letters each.
        let role = rendered.split_once("role/").unwrap().1.split_once('"').unwrap().0;
        let (start, end) = role.split_once("????").unwrap();
        for name in names.roles() {
            assert!(name.starts_with(start) && name.ends_with(end) && name.len() == role.len(), "{name} and {role}");
        }
        assert!(rendered.contains(&format!("aws:ResourceTag/{PROJECT}\":\"ab\"")));
        assert!(rendered.contains(&format!("aws:ResourceTag/{}\":\"{}\"", MANAGED_BY.0, MANAGED_BY.1)));
    }

    #[test]
    fn what_is_no_name_does_not_get_in() {
        for bad in [
            Scope { account: "1".to_owned(), ..scope("ab", "eu-west-1", None) },
            scope("ab", "eu-west-1\"", None),
            scope("ab", "", None),
            scope("ab", "eu-west-1", Some("s3://bucket/key".to_owned())),
        ] {
            assert_eq!(crate::error::exit_of(&render(&bad).unwrap_err()), Exit::Usage, "{bad:?}");
        }
    }

    #[test]
    fn partitions_follow_the_region() {
        for (region, partition) in [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("ca-central-1", "aws")]
        {
            assert_eq!(scope("ab", region, None).partition(), partition);
        }
    }
}
