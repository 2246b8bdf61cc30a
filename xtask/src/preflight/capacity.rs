//! Checks what the account has to offer beside the network: the quota of Fargate, and the role of ECS.

use super::findings::Findings;
use crate::{
    aws::{Account, iam, quotas},
    stack::Variables,
};

/// The role by which ECS attaches network interfaces. ECS creates it with the first cluster of an account, if the
/// deployer may: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html>
const ECS_ROLE: &str = "AWSServiceRoleForECS";

pub(super) async fn check(account: &Account, variables: &Variables, findings: &mut Findings) {
    if let Some(quota) = findings.ask("the quota of Fargate vCPUs", quotas::fargate_vcpus(account).await) {
        check_quota(quota, variables, account.region(), findings);
    }
    if findings.ask("whether ECS's role exists", iam::exists(account, ECS_ROLE).await) == Some(false) {
        findings.unknown.push(format!(
            "whether ECS may create its role {ECS_ROLE}, which this account lacks (`aws iam create-service-linked-role \
             --aws-service-name ecs.amazonaws.com` creates it)"
        ));
    }
}

fn check_quota(quota: f64, variables: &Variables, region: &str, findings: &mut Findings) {
    let tasks = variables.number_or("desired_count", 1);
    let each = f64::from(variables.number_or("fargate_cpu", 256)) / 1024.0;
    let needed = f64::from(tasks) * each;
    if needed > quota {
        findings.add(
            format!(
                "the account may run {quota} Fargate vCPUs in {region}, and {tasks} tasks of {each} vCPU need {needed}"
            ),
            format!(
                "run fewer or smaller tasks, or raise the quota: `aws service-quotas request-service-quota-increase \
                 --service-code fargate --quota-code L-3032A538 --region {region} --desired-value {}`",
                needed.ceil()
            ),
        );
    } else if needed > 0.0 {
        // A rollout starts each new task before it stops an old one.
        findings.unknown.push(format!(
            "whether other tasks leave {} of the {quota} vCPUs that the account may run on Fargate",
            needed + each
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_beyond_the_quota_are_a_problem() {
        for (quota, cpu, count, problem) in [
            (6.0, 1024, 6, false),
            (6.0, 1024, 7, true),
            (0.0, 256, 1, true),
            (0.0, 256, 0, false),
            (1.5, 2048, 1, true),
        ] {
            let mut variables = Variables::default();
            variables.set("fargate_cpu", cpu);
            variables.set("desired_count", count);
            let mut findings = Findings::default();
            check_quota(quota, &variables, "us-east-1", &mut findings);
            assert_eq!(!findings.problems.is_empty(), problem, "{quota} for {count} of {cpu}: {findings:?}");
            assert!(findings.problems.iter().all(|problem| problem.fix.contains("L-3032A538")), "{findings:?}");
        }
    }
}
