//! Collects the facts of a deployment from AWS.

use crate::{
    aws::ecs::{self, Definition, DesiredStatus, Service, Task},
    prices::{self, Size},
    rollout::{Address, address::of_task},
    stack::{Deployment, Outputs},
    timestamp,
};

/// The running service.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) service: Option<Service>,
    /// The serving task, or else the one that is nearest to serving.
    pub(super) task: Option<Task>,
    pub(super) address: Option<Address>,
    /// Task definition of that task.
    pub(super) definition: Option<Definition>,
    pub(super) healthy: usize,
    pub(super) cost: Option<Cost>,
}

/// Cost at the present number of tasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    /// Dollars a day.
    pub(super) day: f64,
    /// Dollars since the service was created.
    pub(super) so_far: Option<f64>,
}

impl Facts {
    pub(super) async fn of(deployment: &Deployment) -> anyhow::Result<Self> {
        let Deployment { account, outputs, .. } = deployment;
        let Outputs { cluster_name, service_name, container_port, .. } = outputs;
        let Some(service) = ecs::service(account, cluster_name, service_name).await? else {
            return Ok(Self::default());
        };
        let mut tasks = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await?;
        tasks.sort_by_key(|task| {
            (!task.is_healthy(), !task.is_running(), task.task_definition != outputs.task_definition_arn)
        });
        let healthy = tasks.iter().filter(|task| task.is_healthy()).count();
        let task = tasks.into_iter().next();
        let (address, definition) = match &task {
            Some(task) => {
                // A revision older than the last deploy may listen on another port.
                let definition = ecs::definition(account, &task.task_definition).await?;
                let port = definition.as_ref().and_then(|definition| definition.port).unwrap_or(*container_port);
                (of_task(account, task, port).await?, definition)
            }
            None => (None, None),
        };
        let public = address.as_ref().is_some_and(|address| address.public);
        let cost = definition.as_ref().and_then(|definition| cost(account.region(), &service, definition, public));
        Ok(Self { service: Some(service), task, address, definition, healthy, cost })
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy > 0
    }
}

fn cost(region: &str, service: &Service, definition: &Definition, public_address: bool) -> Option<Cost> {
    let size = Size {
        tasks: u32::try_from(service.running).ok()?,
        cpu_units: definition.cpu.parse().ok()?,
        memory_mib: definition.memory.parse().ok()?,
        arm64: definition.arm64,
        public_address,
    };
    let day = prices::cost(region, &size)?.day;
    let age = service.created_at.map(|created| timestamp::now().saturating_sub(created));
    Some(Cost {
        day,
        so_far: age.map(|seconds| day * std::time::Duration::from_secs(seconds).as_secs_f64() / 86_400.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_grows_with_age_and_tasks() {
        let definition = Definition { cpu: "256".to_owned(), memory: "512".to_owned(), ..Definition::default() };
        let service = |days: u64, running| Service {
            created_at: Some(timestamp::now() - days * 86_400),
            running,
            ..Service::default()
        };
        let one = cost("us-east-1", &service(2, 1), &definition, true).unwrap();
        assert!((one.so_far.unwrap() - 2.0 * one.day).abs() < 0.001);
        let two = cost("us-east-1", &service(2, 2), &definition, true).unwrap();
        assert!((two.day - 2.0 * one.day).abs() < 1e-9);
        assert_eq!(cost("mars-north-1", &service(2, 1), &definition, true), None);
    }
}
