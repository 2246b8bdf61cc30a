//! Renders a deployment's facts: a table for people, one JSON object for programs.

use serde_json::{Value, json};

use super::facts::{Cost, Facts};
use crate::{
    aws::ecs::{self, RolloutState, Task},
    columns, prices,
    rollout::task_definition_name,
    stack::Deployment,
    timestamp,
};

/// Tag with the source's revision, which Terraform puts on a task definition.
const REVISION: &str = "Revision";

pub(super) fn table(deployment: &Deployment, facts: &Facts) -> String {
    let Deployment { account, outputs, .. } = deployment;
    let mut rows = vec![
        ("project", deployment.names.project().to_string()),
        ("account", format!("{} in {}", account.id(), account.region())),
        ("url", url(facts)),
        ("healthy", if facts.is_healthy() { "yes" } else { "no" }.to_owned()),
        ("tasks", tasks(facts)),
    ];
    if let Some(definition) = &facts.definition {
        let is_other = definition.arn != outputs.task_definition_arn;
        let wanted =
            if is_other { format!("; the last deploy asked for {}", outputs.task_definition()) } else { String::new() };
        rows.push(("revision", definition.tags.get(REVISION).map_or("unknown", String::as_str).to_owned()));
        rows.push(("image", definition.digest().unwrap_or(&definition.image).to_owned()));
        rows.push(("definition", format!("{}{wanted}", task_definition_name(&definition.arn))));
    }
    rows.extend(facts.task.as_ref().and_then(|task| task.started_at).map(|at| ("since", ago(at))));
    if let Some(service) = &facts.service {
        rows.extend(service.deployments.iter().filter(|one| is_under_way(one)).map(|one| ("rollout", rollout(one))));
        rows.extend(service.events.first().map(|event| {
            ("last event", format!("{} {}", event.at.map(timestamp::rfc3339).unwrap_or_default(), event.message))
        }));
    }
    rows.push(("table", outputs.dynamodb_table.clone()));
    rows.push(("log", outputs.log_group.clone()));
    rows.push(("cost", facts.cost.map_or_else(|| unknown_cost(account.region()), cost)));
    columns::render(&rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>())
}

pub(super) fn json(deployment: &Deployment, facts: &Facts) -> Value {
    let Deployment { account, outputs, .. } = deployment;
    let service = facts.service.as_ref();
    let definition = facts.definition.as_ref();
    let deployments: Vec<Value> =
        service.into_iter().flat_map(|service| &service.deployments).map(deployment_json).collect();
    let event = service.and_then(|service| service.events.first());
    json!({
        "project": deployment.names.project(),
        "account": account.id(),
        "region": account.region(),
        "url": facts.address.as_ref().map(|address| &address.url),
        "public": facts.address.as_ref().map(|address| address.public),
        "healthy": facts.is_healthy(),
        "running": service.map(|service| service.running),
        "desired": service.map(|service| service.desired),
        "pending": service.map(|service| service.pending),
        "task": facts.task.as_ref().map(Task::id),
        "since": facts.task.as_ref().and_then(|task| task.started_at).map(timestamp::rfc3339),
        "revision": definition.and_then(|definition| definition.tags.get(REVISION)),
        "digest": definition.and_then(ecs::Definition::digest),
        "task_definition": definition.map(|definition| &definition.arn),
        "wanted_task_definition": outputs.task_definition_arn,
        "deployments": deployments,
        "last_event": event.map(|event| json!({"at": event.at.map(timestamp::rfc3339), "message": event.message})),
        "table": outputs.dynamodb_table,
        "log_group": outputs.log_group,
        "dollars_a_day": facts.cost.map(|cost| cents(cost.day)),
        "dollars_so_far": facts.cost.and_then(|cost| cost.so_far).map(cents),
    })
}

fn deployment_json(deployment: &ecs::Deployment) -> Value {
    json!({
        "id": deployment.id,
        "status": deployment.status,
        "task_definition": deployment.task_definition,
        "rollout_state": deployment.rollout_state.as_ref().map(RolloutState::as_str),
        "reason": deployment.reason,
        "desired": deployment.desired,
        "running": deployment.running,
        "pending": deployment.pending,
        "failed": deployment.failed,
        "created_at": deployment.created_at.map(timestamp::rfc3339),
        "updated_at": deployment.updated_at.map(timestamp::rfc3339),
    })
}

fn url(facts: &Facts) -> String {
    match &facts.address {
        Some(address) if address.public => format!("{}/mcp", address.url),
        Some(address) => format!("{}/mcp, inside the VPC only", address.url),
        None => "none".to_owned(),
    }
}

fn tasks(facts: &Facts) -> String {
    facts.service.as_ref().map_or_else(
        || "no service".to_owned(),
        |service| format!("{} of {} running, {} healthy", service.running, service.desired, facts.healthy),
    )
}

/// Returns false for the one complete deployment of a service at rest.
fn is_under_way(deployment: &ecs::Deployment) -> bool {
    deployment.status != "PRIMARY" || deployment.rollout_state != Some(RolloutState::Completed)
}

fn rollout(deployment: &ecs::Deployment) -> String {
    let state = deployment.rollout_state.as_ref().map_or("no state", RolloutState::as_str);
    let ecs::Deployment { running, desired, failed, .. } = deployment;
    let reason = if deployment.reason.is_empty() { String::new() } else { format!(": {}", deployment.reason) };
    format!(
        "{} {state}, {running} of {desired} running, {failed} failed{reason}",
        task_definition_name(&deployment.task_definition)
    )
}

fn ago(at: u64) -> String {
    let elapsed = timestamp::now().saturating_sub(at);
    format!("{} ({} ago)", timestamp::rfc3339(at), timestamp::duration(elapsed))
}

fn cost(cost: Cost) -> String {
    let so_far = cost.so_far.map(|so_far| format!("about ${so_far:.2} so far at the present number of tasks; "));
    format!(
        "{}${:.2} a day (tasks and addresses, list prices of {})",
        so_far.unwrap_or_default(),
        cost.day,
        prices::AS_OF
    )
}

fn unknown_cost(region: &str) -> String {
    format!("unknown: nothing runs, or there are no prices for {region}; see {}", prices::SOURCE)
}

fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}
