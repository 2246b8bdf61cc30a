//! First deploys while no task finds a place, then one under the faults of AWS that pass by themselves.

use serde_json::json;

use super::{failed_rollout::expect_causes, fourth_project};
use crate::rehearsal::TestEnv;
use xtask::{error::Exit, stack::Names};

/// The event of a service in a new account, whose quota of vCPUs is used up.
const NO_PLACE: &str =
    "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.";

/// A reason on which ECS tries again. Source: "Troubleshooting Amazon ECS TaskFailedToStart errors" in the ECS
/// developer guide.
const PASSING: &str = "Timeout waiting for network interface provisioning to complete.";

pub(super) async fn faults(env: &TestEnv) -> anyhow::Result<String> {
    let project = fourth_project()?;
    let service = Names::new(&project).service();
    let image = env.shared.image.borrow().clone();
    let deploy = ["--image", &image];

    env.set_conditions(&json!({"fargate_vcpus": 0})).await?;
    let refused = env.deploy(&project, &deploy).await?.expect_exit(Exit::Preflight as i32)?;
    expect_causes(&refused, &["may run 0 Fargate vCPUs"])?;
    env.expect_applied(&["fargate_vcpus"]).await?;

    env.set_conditions(&json!({"no_place": {&service: NO_PLACE}})).await?;
    let failed = env.deploy(&project, &deploy).await?.expect_exit(Exit::FirstDeployFailed as i32)?;
    let cause = expect_causes(&failed, &["limit on the number of vCPUs"])?;
    env.expect_applied(&["no_place"]).await?;

    // Preflight and Terraform see the subnets in zones that Fargate serves, as they would if the list were out of date.
    env.set_conditions(&json!({"placement_zone_id": "use1-az3"})).await?;
    let arm = ["--image", &image, "--var", "cpu_architecture=ARM64"];
    let unserved = env.deploy(&project, &arm).await?.expect_exit(Exit::FirstDeployFailed as i32)?;
    let zone = expect_causes(&unserved, &["unable to place a task", "different availability zone"])?;
    env.expect_applied(&["placement_zone_id"]).await?;

    env.set_conditions(&json!({})).await?;
    env.set_faults(&throttle("ResourceGroupsTaggingAPI_20170126.GetResources", "ThrottledException")).await?;
    env.run(&project, &["destroy", "--yes"]).await?.expect_exit(0)?;

    env.set_conditions(&json!({
        "new_roles_hidden_s": 8,
        "failing_starts": [{"service": service, "count": 1, "reason": PASSING}],
    }))
    .await?;
    env.set_faults(&throttle("AmazonEC2ContainerServiceV20141113.DescribeServices", "ThrottlingException")).await?;
    let deployed = env.deploy(&project, &deploy).await?.expect_exit(0)?;
    env.expect_applied(&["new_roles_hidden_s", "failing_starts"]).await?;

    env.set_conditions(&json!({})).await?;
    env.run(&project, &["destroy", "--yes"]).await?.expect_exit(0)?;
    Ok(format!(
        "no place: {cause}; in a zone without Fargate: {zone}; live after {:.1} s despite hidden roles, a failed start and throttling",
        deployed.seconds
    ))
}

/// Throttles the next two calls of an operation.
fn throttle(target: &str, kind: &str) -> serde_json::Value {
    json!([{"target": target.replace('.', "\\."), "status": 400, "type": kind, "message": "Rate exceeded", "count": 2}])
}
