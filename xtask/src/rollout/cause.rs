//! The causes of a failed task, each with its sentence and its hint. `classify` finds the cause of a task.

use crate::stack::Outputs;

/// Kind of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The task could not reach AWS or the registry.
    Network,
    /// The account may run no more tasks of this size.
    Quota,
    /// Fargate has no room for the task.
    Capacity,
    /// ECS could not assume a role.
    Role,
    /// The task got no address in its subnet.
    Subnet,
    /// ECS could not pull the image.
    Image,
    /// The image is for another CPU.
    Architecture,
    /// ECS could not read the token.
    Secret,
    /// ECS could not open the log.
    Log,
    /// The task ran out of memory.
    Memory,
    /// The service ran but failed its health check.
    HealthCheck,
    /// The task's role lacks a permission; with AWS's message.
    Permission(String),
    /// The service rejected its settings.
    Configuration,
    /// ECS could not start the task, for another reason.
    Start,
    /// The service exited, with this code if it is known.
    Crash(Option<i32>),
}

impl Cause {
    /// The name in events.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Quota => "quota",
            Self::Capacity => "capacity",
            Self::Role => "role",
            Self::Subnet => "subnet",
            Self::Image => "image",
            Self::Architecture => "architecture",
            Self::Secret => "secret",
            Self::Log => "log",
            Self::Memory => "memory",
            Self::HealthCheck => "health_check",
            Self::Permission(_) => "permission",
            Self::Configuration => "configuration",
            Self::Start => "start",
            Self::Crash(_) => "crash",
        }
    }

    /// One sentence, without a full stop.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Network => "the task could not connect to AWS or the registry".to_owned(),
            Self::Quota => "the account's quota of Fargate tasks is used up".to_owned(),
            Self::Capacity => "Fargate has no capacity for the task at the moment".to_owned(),
            Self::Role => "ECS could not assume a role".to_owned(),
            Self::Subnet => "the task got no network address in its subnet".to_owned(),
            Self::Image => "ECS could not pull the image".to_owned(),
            Self::Architecture => "the image and the task have different CPU architectures".to_owned(),
            Self::Secret => "ECS could not read the token for the task".to_owned(),
            Self::Log => "ECS could not open the task's log".to_owned(),
            Self::Memory => "the service was killed, most likely because it exceeded the task's memory".to_owned(),
            Self::HealthCheck => "the service ran but failed its health check".to_owned(),
            Self::Permission(message) => format!("AWS denied the service a call that it needs ({message})"),
            Self::Configuration => "the service rejected its settings".to_owned(),
            Self::Start => "ECS could not start the task".to_owned(),
            Self::Crash(Some(code)) => format!("the service exited with code {code}"),
            Self::Crash(None) => "the service exited".to_owned(),
        }
    }

    /// The hint: what to do next.
    pub(crate) fn hint(&self, outputs: &Outputs) -> String {
        let Outputs { token_parameter, container_port, log_group, .. } = outputs;
        let subnets = outputs.subnets.join(", ");
        let flag = outputs.flag();
        match self {
            Self::Network => format!(
                "check that the route tables of {subnets} lead to an Internet gateway (to a NAT gateway without \
                 `assign_public_ip`), and that no network ACL blocks port 443"
            ),
            Self::Quota => "run fewer or smaller tasks, or raise the quota: `aws service-quotas \
                            request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value \
                            <vCPUs>`; the quota of a new account is low and grows with use"
                .to_owned(),
            Self::Capacity => format!(
                "rerun `cargo xtask deploy{flag}` later, or choose another size or CPU with `--var fargate_cpu=` and `--var \
                 cpu_architecture=`"
            ),
            Self::Role => format!(
                "rerun `cargo xtask deploy{flag}`: a new role takes some seconds to be known; if it fails again, restore the \
                 trust of the roles (infra/iam_exec.tf), and create the role of ECS with `aws iam \
                 create-service-linked-role --aws-service-name ecs.amazonaws.com` if it is missing"
            ),
            Self::Subnet => format!("check that {subnets} exist and have free addresses; delete unused network interfaces"),
            Self::Image => format!(
                "rerun `cargo xtask deploy{flag}` to push a missing image, and check that the execution role \
                 (infra/iam_exec.tf) may pull it"
            ),
            Self::Architecture => {
                "let `deploy` build the image, or set `--var cpu_architecture=` to X86_64 or ARM64 to match it"
                    .to_owned()
            }
            Self::Secret => format!(
                "check that the SSM parameter {token_parameter} exists and that the execution role may read it; \
                 if deploy created it, redeploying recreates it"
            ),
            Self::Log => format!(
                "rerun `cargo xtask deploy{flag}` to restore the log group {log_group} and the execution role, which may \
                 write to it"
            ),
            Self::Memory => "redeploy with more memory, such as `--var fargate_memory=1024`".to_owned(),
            Self::HealthCheck => format!(
                "check in `cargo xtask logs{flag}` that the service listens on port {container_port}; the health check \
                 requests http://127.0.0.1:{container_port}/healthz inside the container"
            ),
            Self::Permission(_) => {
                format!("the task's role is defined in infra/iam_task.tf; run `cargo xtask deploy{flag}` to restore it")
            }
            Self::Configuration => {
                format!("fix the settings that the log lists; `cargo xtask logs{flag}` prints all of it")
            }
            Self::Start => format!("this may be transient; rerun `cargo xtask deploy{flag}`"),
            Self::Crash(_) => format!("inspect the service's last lines with `cargo xtask logs{flag}`"),
        }
    }
}
