//! The IAM policies that a deployer of one project needs: `infra/deployer-policy.json` with the project's names filled
//! in, and a document for each further part of a front.
//!
//! The rehearsal deploys with the first policy only.

mod fronts;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::fronts::render_front;
use crate::{
    aws::partition::Partition,
    error::{ErrorExt, Exit},
    project::Project,
    stack::Names,
};

const TEMPLATE: &str = include_str!("../../infra/deployer-policy.json");
/// The placeholder of the state's bucket. Statements that contain it are removed if the state is not in S3.
const BUCKET: &str = "${state_bucket}";

/// The project, region and account that the policy is limited to.
#[derive(Debug, Clone)]
pub struct Scope {
    pub project: Project,
    pub region: String,
    /// Twelve digits, or `*`.
    pub account: String,
    pub state_bucket: Option<String>,
}

/// An IAM policy. Its fields serialize in the order in which people read them.
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

/// Fills the names into the template. Fails with [`Exit::Usage`] on a name that AWS would not accept.
pub fn render(scope: &Scope) -> anyhow::Result<Document> {
    let mut document = fill(scope, TEMPLATE).context("cannot parse infra/deployer-policy.json")?;
    document.statement.retain(|statement| !statement.resource.to_string().contains(BUCKET));
    Ok(document)
}

fn fill(scope: &Scope, template: &str) -> anyhow::Result<Document> {
    scope.check()?;
    let names = Names::new(&scope.project);
    let (repository, table) = (names.repository(), names.table());
    let placeholders = [
        ("${partition}", Partition::of_region(&scope.region).exit_code(Exit::Usage)?.id),
        ("${region}", scope.region.as_str()),
        ("${account}", scope.account.as_str()),
        ("${project}", scope.project.as_str()),
        ("${repository}", repository.as_str()),
        ("${table}", table.as_str()),
        (BUCKET, scope.state_bucket.as_deref().unwrap_or(BUCKET)),
    ];
    let replace = |text: String, (placeholder, name): &(&str, &str)| text.replace(placeholder, name);
    Ok(serde_json::from_str(&placeholders.iter().fold(template.to_owned(), replace))?)
}

impl Document {
    /// Returns the policy as indented JSON.
    pub(crate) fn pretty(&self) -> anyhow::Result<String> {
        serde_json::to_string_pretty(self).context("cannot serialize the policy")
    }

    /// Returns the policy without white space, which IAM does not count towards a policy's size.
    pub fn compact(&self) -> anyhow::Result<String> {
        serde_json::to_string(self).context("cannot serialize the policy")
    }
}

impl Scope {
    /// Accepts names only: a quote would change the policy's JSON.
    fn check(&self) -> anyhow::Result<()> {
        let lower = |text: &str, more: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
            !text.is_empty() && text.chars().all(fits)
        };
        let account = &self.account;
        if account != "*" && (account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit())) {
            return invalid(
                format!("invalid --account {account}"),
                "write twelve digits, as in --account 123456789012",
            );
        }
        if !lower(&self.region, "-") {
            return invalid(format!("invalid --region {}", self.region), "write a region as in --region us-east-1");
        }
        match &self.state_bucket {
            Some(bucket) if !lower(bucket, ".-") => {
                invalid(format!("invalid --state-bucket {bucket}"), "pass the bucket's name without s3:// and key")
            }
            _ => Ok(()),
        }
    }
}

fn invalid(what: String, hint: &str) -> anyhow::Result<()> {
    Err(anyhow!(what)).hint(hint).exit_code(Exit::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tags::{MANAGED_BY, PROJECT};

    /// The size of a managed policy that IAM accepts, without white space.
    pub(super) const MAX_CHARACTERS: usize = 6_144;

    pub(super) fn scope(project: &str, region: &str, state_bucket: Option<String>) -> Scope {
        let (project, region) = (project.parse().unwrap(), region.to_owned());
        Scope { project, region, account: "123456789012".to_owned(), state_bucket }
    }

    pub(super) fn texts(value: &Value) -> Vec<String> {
        match value {
            Value::Array(values) => values.iter().map(|value| value.as_str().unwrap().to_owned()).collect(),
            value => vec![value.as_str().unwrap().to_owned()],
        }
    }

    #[test]
    fn policy_of_long_names_fits_iam() {
        for region in ["ap-southeast-2", "us-gov-west-1"] {
            let rendered = render(&scope(&"p".repeat(32), region, Some("b".repeat(63)))).unwrap().compact().unwrap();
            assert!(rendered.len() <= MAX_CHARACTERS, "{region}: {} characters", rendered.len());
        }
    }

    #[test]
    fn every_placeholder_is_filled() {
        for bucket in [None, Some("bucket".to_owned())] {
            let rendered = render(&scope("ab", "eu-west-1", bucket.clone())).unwrap().compact().unwrap();
            assert!(!rendered.contains("${"), "{rendered}");
            assert_eq!(rendered.contains("s3:"), bucket.is_some());
        }
    }

    #[test]
    fn actions_are_exact_and_only_reads_unscoped() {
        let document = render(&scope("ab", "eu-west-1", None)).unwrap();
        for statement in &document.statement {
            assert!(texts(&statement.action).iter().all(|action| !action.contains('*')), "{}", statement.sid);
            if texts(&statement.resource).contains(&"*".to_owned()) && statement.condition.is_none() {
                assert_eq!(statement.sid, "Read");
            }
        }
    }

    #[test]
    fn policy_covers_every_name() {
        let scope = scope("ab", "eu-west-1", None);
        let rendered = render(&scope).unwrap().compact().unwrap();
        let names = Names::new(&scope.project);
        for name in [
            names.repository(),
            names.cluster(),
            names.service(),
            names.family(),
            names.log_group(),
            names.insights_log_group().trim_end_matches("performance").to_owned(),
            names.token_parameter(),
            names.table(),
        ] {
            assert!(rendered.contains(&name), "{name}");
        }
        // One pattern covers both roles: each has a word of four letters in its middle.
        let role = rendered.split_once("role/").unwrap().1.split_once('"').unwrap().0;
        let (start, end) = role.split_once("????").unwrap();
        for name in names.roles() {
            assert!(name.starts_with(start) && name.ends_with(end) && name.len() == role.len(), "{name} and {role}");
        }
        assert!(rendered.contains(&format!("aws:ResourceTag/{PROJECT}\":\"ab\"")));
        assert!(rendered.contains(&format!("aws:ResourceTag/{}\":\"{}\"", MANAGED_BY.0, MANAGED_BY.1)));
    }

    /// EC2 authorizes a change of an endpoint on every route table that it adds or removes, and these have no tags.
    #[test]
    fn endpoint_changes_cover_untagged_route_tables() {
        let document = render(&scope("ab", "eu-west-1", None)).unwrap();
        let covers = |statement: &&Statement| {
            texts(&statement.action).contains(&"ec2:ModifyVpcEndpoint".to_owned())
                && texts(&statement.resource).iter().any(|resource| resource.ends_with(":route-table/*"))
        };
        assert!(document.statement.iter().find(covers).unwrap().condition.is_none());
    }

    #[test]
    fn invalid_names_are_rejected() {
        for bad in [
            Scope { account: "1".to_owned(), ..scope("ab", "eu-west-1", None) },
            scope("ab", "eu-west-1\"", None),
            scope("ab", "", None),
            scope("ab", "us-iso-east-1", None),
            scope("ab", "eu-west-1", Some("s3://bucket/key".to_owned())),
        ] {
            assert_eq!(crate::error::exit_of(&render(&bad).unwrap_err()), Exit::Usage, "{bad:?}");
        }
    }
}
