//! The policies of a front. Each part is a document of its own, because IAM limits the size of one.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};

use super::{Document, Scope, fill, render};
use crate::{
    error::{ErrorExt, Exit},
    front::Front,
};

/// A template and the name of the policy that it becomes.
type Part = (&'static str, &'static str);

const BALANCER: Part = ("balancer", include_str!("../../../infra/deployer-policy-balancer.json"));
const CLOUDFRONT: Part = ("cloudfront", include_str!("../../../infra/deployer-policy-cloudfront.json"));
const HTTP_API: Part = ("http-api", include_str!("../../../infra/deployer-policy-http-api.json"));
/// The domain with its certificate. A load balancer cannot do without.
const DOMAIN: Part = ("domain", include_str!("../../../infra/deployer-policy-domain.json"));
/// Autoscaling, alarms and the dashboard.
const SCALE: Part = ("scale", include_str!("../../../infra/deployer-policy-scale.json"));
/// A change of the permissions boundary. A role is created with one without it.
const BOUNDARY: Part = ("boundary", include_str!("../../../infra/deployer-policy-boundary.json"));

/// The hosted zone of the domain.
const ZONE: &str = "${zone}";

/// Returns the policies of a deployment with a front, by name: the base policy and one for each further part.
///
/// Fails with [`Exit::Usage`] on a name that AWS would not accept.
pub(crate) fn render_front(
    scope: &Scope,
    front: Front,
    zone: &str,
) -> anyhow::Result<BTreeMap<&'static str, Document>> {
    if zone != "*" && !zone.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        return Err(anyhow!("invalid --route53-zone {zone}"))
            .hint("write the zone's id, as in --route53-zone Z0123456789ABCDEFGHIJ")
            .exit_code(Exit::Usage);
    }
    let mut documents = BTreeMap::from([("deploy", render(scope)?)]);
    for (name, template) in parts(front) {
        let document = fill(scope, &template.replace(ZONE, zone));
        documents.insert(*name, document.with_context(|| format!("cannot parse infra/deployer-policy-{name}.json"))?);
    }
    Ok(documents)
}

fn parts(front: Front) -> &'static [Part] {
    match front {
        Front::None => &[SCALE, BOUNDARY],
        Front::HttpApi => &[HTTP_API, DOMAIN, SCALE, BOUNDARY],
        Front::Alb => &[BALANCER, DOMAIN, SCALE, BOUNDARY],
        Front::Cloudfront => &[BALANCER, CLOUDFRONT, DOMAIN, SCALE, BOUNDARY],
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use clap::ValueEnum;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::{
        cargo::workspace_root,
        policy::tests::{MAX_CHARACTERS, scope, texts},
    };

    /// The files of `infra/` that need a part, and the parts that its fronts have as well.
    const FILES: [(Part, &[&str], &[Part]); 5] = [
        (HTTP_API, &["front_http_api.tf"], &[]),
        (BALANCER, &["front_balancer.tf", "front_alb.tf"], &[]),
        (CLOUDFRONT, &["front_cloudfront.tf"], &[BALANCER]),
        (DOMAIN, &["front_domain.tf"], &[]),
        (SCALE, &["scale.tf", "alarms.tf", "dashboard.tf"], &[]),
    ];
    /// The files whose resources the base policy covers.
    const BASE_FILES: [&str; 4] = ["front.tf", "client_ranges.tf", "network.tf", "service.tf"];
    const SERVICE_LINKED_ROLE: &str = "iam:CreateServiceLinkedRole";

    /// `infra/deployer-actions.json`: what Terraform and the deployer call.
    #[derive(Deserialize)]
    struct Calls {
        /// The resource types of each action, by AWS's Service Authorization Reference. None: it knows no resources.
        actions: BTreeMap<String, Vec<String>>,
        /// The actions that Terraform's provider needs for each type of resource.
        resources: BTreeMap<String, Vec<String>>,
        /// The actions that the services behind a part make in the deployer's name, or that the deployer needs itself.
        beside: BTreeMap<String, Vec<String>>,
        /// The services that create a role of their own for a part.
        service_linked_roles: BTreeMap<String, String>,
    }

    fn calls() -> Calls {
        let path = workspace_root().join("infra/deployer-actions.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The types of resources and data sources that a file declares, the latter with the prefix `data.`.
    fn types(file: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(workspace_root().join("infra").join(file)).unwrap();
        let name = |line: &str, block: &str| {
            line.strip_prefix(block).and_then(|rest| rest.split('"').nth(1)).map(ToOwned::to_owned)
        };
        text.lines()
            .filter_map(|line| {
                name(line, "resource ").or_else(|| name(line, "data ").map(|data| format!("data.{data}")))
            })
            .collect()
    }

    fn needed(calls: &Calls, files: &[&str]) -> BTreeSet<String> {
        let types = files.iter().flat_map(|file| types(file));
        types
            .flat_map(|kind| calls.resources.get(&kind).unwrap_or_else(|| panic!("no actions of {kind}")).clone())
            .collect()
    }

    fn document(template: &str) -> Document {
        fill(&scope("ab", "eu-west-1", None), &template.replace(ZONE, "Z1")).unwrap()
    }

    fn granted(document: &Document) -> BTreeSet<String> {
        document.statement.iter().flat_map(|statement| texts(&statement.action)).collect()
    }

    #[test]
    fn policies_of_long_names_fit_iam() {
        let scope = scope(&"p".repeat(32), "us-gov-west-1", Some("b".repeat(63)));
        for front in Front::value_variants() {
            for (name, document) in render_front(&scope, *front, &"Z".repeat(32)).unwrap() {
                let text = document.compact().unwrap();
                assert!(text.len() <= MAX_CHARACTERS, "{name}: {} characters", text.len());
                assert_eq!(name == "deploy", text.contains("s3:"), "{name}");
                assert!(!text.contains("${"), "{text}");
            }
        }
    }

    #[test]
    fn parts_grant_what_terraform_calls_and_no_more() {
        let calls = calls();
        let base = granted(&render(&scope("ab", "eu-west-1", None)).unwrap());
        for ((name, template), files, others) in FILES {
            let mut elsewhere = base.clone();
            elsewhere.extend(others.iter().flat_map(|(_, template)| granted(&document(template))));
            let mut needed = needed(&calls, files);
            needed.extend(calls.beside.get(name).cloned().unwrap_or_default());
            let needed: BTreeSet<String> = needed.difference(&elsewhere).cloned().collect();
            let mut granted = granted(&document(template));
            granted.remove(SERVICE_LINKED_ROLE);
            assert_eq!(granted, needed, "left: granted by {name}, right: needed by {files:?}");
        }
        let needed = needed(&calls, &BASE_FILES);
        let missing: Vec<_> = needed.difference(&base).collect();
        assert!(missing.is_empty(), "the base policy lacks {missing:?}");
    }

    #[test]
    fn actions_are_exact_and_only_reads_unscoped() {
        let calls = calls();
        for ((name, template), ..) in FILES {
            for statement in &document(template).statement {
                let unscoped = texts(&statement.resource).contains(&"*".to_owned());
                for action in texts(&statement.action) {
                    assert!(!action.contains('*'), "{name}: {action}");
                    if action == SERVICE_LINKED_ROLE {
                        continue;
                    }
                    let kinds = calls.actions.get(&action).unwrap_or_else(|| panic!("{action} is not listed"));
                    // A statement that names resources never matches an action that knows none.
                    assert!(unscoped || !kinds.is_empty(), "{name}: {action} takes no resource");
                }
                if unscoped && statement.condition.is_none() {
                    assert!(statement.sid.starts_with("Read"), "{name}: {} is unscoped", statement.sid);
                }
            }
        }
    }

    #[test]
    fn reads_do_not_change_anything() {
        for ((name, template), ..) in FILES {
            let document = document(template);
            let reads = document.statement.iter().filter(|statement| statement.sid.starts_with("Read"));
            for action in reads.flat_map(|statement| texts(&statement.action)) {
                let verb = action.split_once(':').unwrap().1;
                assert!(["Describe", "Get", "List"].iter().any(|read| verb.starts_with(read)), "{name}: {action}");
            }
        }
    }

    #[test]
    fn every_part_may_create_its_service_role() {
        let roles = calls().service_linked_roles;
        for ((name, template), ..) in FILES {
            let document = document(template);
            let created: Vec<Value> = document
                .statement
                .iter()
                .filter(|statement| texts(&statement.action).contains(&SERVICE_LINKED_ROLE.to_owned()))
                .map(|statement| statement.condition.as_ref().unwrap()["StringEquals"]["iam:AWSServiceName"].clone())
                .collect();
            let expected: Vec<Value> = roles.get(name).map(|service| service.as_str().into()).into_iter().collect();
            assert_eq!(created, expected, "{name}");
        }
    }

    #[test]
    fn zone_by_name_is_rejected() {
        let error = render_front(&scope("ab", "eu-west-1", None), Front::Alb, "example.com").unwrap_err();
        assert_eq!(crate::error::exit_of(&error), Exit::Usage);
    }
}
