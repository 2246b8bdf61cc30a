//! Takes up what is there and not in the state: the table that a destroy kept, what an apply had made when it was killed
//! before it could write that down, and everything, where the state was lost. Only what has this project's tags, or was asked
//! for by name.

use serde_json::json;

use super::{DeploymentTarget, workspace};
use crate::{
    aws::ec2,
    cleanup::{self, Kind, Resource},
    preflight::Adoption,
    ui::Step,
};

const CLUSTER: &str = "aws_ecs_cluster.this";
const SERVICE: &str = "aws_ecs_service.this";
const GROUP: &str = "aws_security_group.service";
const INGRESS: &str = "aws_vpc_security_group_ingress_rule.service";
const EGRESS: &str = "aws_vpc_security_group_egress_rule.https";
const LOG_GROUP: &str = "aws_cloudwatch_log_group.service";
const PARAMETER: &str = "aws_ssm_parameter.token";
const EXEC_ROLE: &str = "aws_iam_role.exec";
const TASK_ROLE: &str = "aws_iam_role.task";
const TABLE: &str = "aws_dynamodb_table.state";

/// What a complete state has. A state that has all of these is not looked into further.
const ALL: [&str; 10] = [CLUSTER, SERVICE, GROUP, INGRESS, EGRESS, LOG_GROUP, PARAMETER, EXEC_ROLE, TASK_ROLE, TABLE];

/// What Terraform calls a thing, and by what it finds it.
type Import = (&'static str, String);

/// Has the next apply import what the state lacks. `known` are the addresses in the state.
pub(crate) async fn adopt(
    place: &DeploymentTarget,
    table: Option<&Adoption>,
    known: &[String],
    step: &Step,
) -> anyhow::Result<()> {
    let mut imports: Vec<Import> = table.map(|adoption| (TABLE, adoption.table.clone())).into_iter().collect();
    if !ALL.iter().all(|address| knows(known, address)) {
        imports.extend(found(place).await?);
    }
    imports.retain(|(address, _)| !knows(known, address));
    imports.sort();
    imports.dedup_by(|one, other| one.0 == other.0);
    for (address, id) in &imports {
        step.note(&format!("takes up what is there already: {address} {id}"));
    }
    let blocks = imports.iter().map(|(address, id)| json!({"to": address, "id": id})).collect();
    workspace::set_imports(&place.home, blocks)
}

fn knows(known: &[String], address: &str) -> bool {
    known.iter().any(|known| known == address)
}

/// Everything of the project that AWS has.
async fn found(place: &DeploymentTarget) -> anyhow::Result<Vec<Import>> {
    let things = cleanup::find(&place.account, &place.names, &place.names.table()).await?.ours;
    let mut imports: Vec<Import> = things.iter().filter_map(|thing| import(place, thing)).collect();
    if let Some((_, group)) = imports.iter().find(|(address, _)| *address == GROUP) {
        let rules = ec2::rules(&place.account, group).await?;
        imports.extend(rules.into_iter().map(|rule| (if rule.egress { EGRESS } else { INGRESS }, rule.id)));
    }
    Ok(imports)
}

fn import(place: &DeploymentTarget, thing: &Resource) -> Option<Import> {
    let name = thing.name.clone();
    let [exec, task] = place.names.roles();
    match thing.kind {
        Kind::Cluster => Some((CLUSTER, name)),
        Kind::Service => Some((SERVICE, name)),
        Kind::SecurityGroup => Some((GROUP, thing.id.clone()?)),
        Kind::LogGroup => Some((LOG_GROUP, name)),
        Kind::Parameter => Some((PARAMETER, name)),
        Kind::Role if name == exec => Some((EXEC_ROLE, name)),
        Kind::Role if name == task => Some((TASK_ROLE, name)),
        Kind::Table => Some((TABLE, name)),
        // A revision is made anew anyway, the repository is not Terraform's, and the endpoint is only there if asked for.
        Kind::Role | Kind::TaskDefinitions | Kind::VpcEndpoint | Kind::Repository | Kind::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infra_has_every_address() {
        let infra = crate::cargo::workspace_root().join("infra");
        let text: String = std::fs::read_dir(infra)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "tf"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        for address in ALL {
            let (kind, name) = address.split_once('.').unwrap();
            assert!(text.contains(&format!("resource \"{kind}\" \"{name}\"")), "{address}");
        }
    }
}
