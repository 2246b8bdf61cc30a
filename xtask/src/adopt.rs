//! Adopts resources that exist but are missing from Terraform's state, by import blocks for the next apply.
//!
//! Such resources are a table that `destroy --keep-data` kept, resources of an apply that was killed before it
//! saved its state, and everything after the state was lost. Adopts only resources with the project's tags, and a
//! table named by the operator.
//!
//! The token's parameter is not imported: an import reads the token into plan and state, and the apply would give it a
//! new value, which logs out every client. Terraform leaves the parameter alone instead (`token_adopted` in
//! `infra/token.tf`).

mod egress;

use serde_json::json;

use crate::{
    aws::{ec2, ssm, tags},
    cleanup::{self, Kind, Resource},
    stack::{DeploymentTarget, Variables, workspace},
    ui::Step,
};

const CLUSTER: &str = "aws_ecs_cluster.this";
const SERVICE: &str = "aws_ecs_service.this";
const GROUP: &str = "aws_security_group.service";
const INGRESS: &str = "aws_vpc_security_group_ingress_rule.service";
const EGRESS: &str = egress::HTTPS_ADDRESS;
const LOG_GROUP: &str = "aws_cloudwatch_log_group.service";
const PARAMETER: &str = "aws_ssm_parameter.token";
const EXEC_ROLE: &str = "aws_iam_role.exec";
const TASK_ROLE: &str = "aws_iam_role.task";
const TABLE: &str = "aws_dynamodb_table.state";

/// The addresses that are imported. A state that has them all needs no search for missing resources.
const IMPORTED: [&str; 9] = [CLUSTER, SERVICE, GROUP, INGRESS, EGRESS, LOG_GROUP, EXEC_ROLE, TASK_ROLE, TABLE];

/// A Terraform address, and the id by which Terraform imports the resource.
type Import = (String, String);

/// Writes import blocks for the existing resources that the state lacks.
///
/// `table` is the name of a table that preflight decided to adopt, `known` are the addresses in the state.
pub(crate) async fn adopt(
    target: &DeploymentTarget,
    table: Option<&str>,
    variables: &Variables,
    known: &[String],
    step: &Step,
) -> anyhow::Result<()> {
    let mut imports: Vec<Import> = table.map(|table| (TABLE.to_owned(), table.to_owned())).into_iter().collect();
    let rules = egress::wanted(variables);
    let mut addresses = IMPORTED.into_iter().chain(rules.iter().map(String::as_str));
    if !addresses.all(|address| is_known(known, address)) {
        imports.extend(existing(target, &rules, step).await?);
    }
    imports.retain(|(address, _)| !is_known(known, address));
    imports.sort();
    imports.dedup_by(|one, other| one.0 == other.0);
    for (address, id) in &imports {
        step.note(&format!("adopting {address}: {id}"));
    }
    let blocks = imports.iter().map(|(address, id)| json!({"to": address, "id": id})).collect();
    workspace::set_imports(&target.home, blocks)
}

fn is_known(known: &[String], address: &str) -> bool {
    known.iter().any(|known| known == address)
}

/// Returns true if the token's parameter exists but is missing from the state, so that Terraform has to leave it alone.
pub(crate) async fn adopts_token(target: &DeploymentTarget, known: &[String], step: &Step) -> anyhow::Result<bool> {
    if is_known(known, PARAMETER) {
        return Ok(false);
    }
    let name = target.names.token_parameter();
    let tags = ssm::tags(&target.account, &name).await?;
    let adopts = tags.is_some_and(|tags| tags::belong_to(&tags, target.names.project()));
    if adopts {
        step.note(&format!("using the existing token in {name}, which stays as it is"));
    }
    Ok(adopts)
}

/// Returns an import for every resource of the project that exists. `rules` are the addresses of the tools' outgoing
/// rules. Another outgoing rule is reported, because it is an opening that no setting asks for.
async fn existing(target: &DeploymentTarget, rules: &[String], step: &Step) -> anyhow::Result<Vec<Import>> {
    let owned = cleanup::find(&target.account, &target.names, &target.names.table()).await?.owned;
    let mut imports: Vec<Import> = owned.iter().filter_map(|resource| import(target, resource)).collect();
    let mut found = Vec::new();
    if let Some((_, group)) = imports.iter().find(|(address, _)| *address == GROUP) {
        for rule in ec2::rules(&target.account, group, target.names.project()).await? {
            let address = if rule.egress { egress::address(&rule, rules) } else { Some(INGRESS.to_owned()) };
            match address {
                Some(address) => found.push((address, rule.id)),
                None => step.warning(&format!(
                    "no setting asks for the outgoing rule {}, which stays; remove it with `aws ec2 \
                     revoke-security-group-egress --group-id {group} --security-group-rule-ids {}`",
                    rule.traffic, rule.id
                )),
            }
        }
    }
    imports.extend(found);
    Ok(imports)
}

fn import(target: &DeploymentTarget, resource: &Resource) -> Option<Import> {
    let name = resource.name.clone();
    let [exec, task] = target.names.roles();
    let (address, id) = match resource.kind {
        Kind::Cluster => (CLUSTER, name),
        Kind::Service => (SERVICE, name),
        Kind::SecurityGroup => (GROUP, resource.id.clone()?),
        Kind::LogGroup => (LOG_GROUP, name),
        Kind::Role if name == exec => (EXEC_ROLE, name),
        Kind::Role if name == task => (TASK_ROLE, name),
        Kind::Table => (TABLE, name),
        // The token is not imported, each apply creates a revision, Terraform manages neither the repository nor the
        // log group of Container Insights, and the endpoint is optional.
        Kind::Parameter
        | Kind::Role
        | Kind::TaskDefinitions
        | Kind::VpcEndpoint
        | Kind::InsightsLogGroup
        | Kind::Repository
        | Kind::Other => return None,
    };
    Some((address.to_owned(), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infra_declares_every_address() {
        let files = crate::infra::Infra::Carried.files().unwrap();
        let text: String = files.into_iter().map(|(_, text)| text).collect();
        for address in IMPORTED.into_iter().chain([PARAMETER, egress::TOOLS_ADDRESS]) {
            let (kind, name) = address.split_once('.').unwrap();
            assert!(text.contains(&format!("resource \"{kind}\" \"{name}\"")), "{address}");
        }
    }
}
