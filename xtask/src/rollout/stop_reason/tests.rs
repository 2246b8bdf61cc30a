//! Sentences that AWS writes today, each with its source. Some are shortened where the cause does not depend on it.

use super::*;

#[test]
fn sentence_names_its_cause() {
    for (cause_of, sentence) in [
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html, as in
        // https://github.com/aws/copilot-cli/issues/5927
        (
            Cause::Network,
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth \
             from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network \
             configuration. RequestError: send request failed caused by: Post \
             \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp 172.40.1.94:443: i/o timeout",
        ),
        (
            Cause::Network,
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: \
             The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS \
             Systems Manager Parameter Store. Check your task network configuration. operation error SSM: GetParameters, \
             https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded",
        ),
        (
            Cause::Network,
            "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log \
             group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. \
             Check your network configuration. : signal: killed",
        ),
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
        (
            Cause::Network,
            "CannotPullContainerError: The task cannot pull 111122223333.dkr.ecr.us-east-1.amazonaws.com/app@sha256:1 \
             from the Amazon ECR repository '111122223333.dkr.ecr.us-east-1.amazonaws.com/app'. There is a connection \
             issue between the task and Amazon ECR. Check your task network configuration.",
        ),
        (Cause::Network, "CannotPullContainerError: The task can’t pull the image. Check your network configuration"),
        (
            Cause::Network,
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
             docker.io/x/y:1: failed to do request: Head \"https://registry-1.docker.io/v2/\": dial tcp 34.205.13.154:443: \
             i/o timeout",
        ),
        // Platform version 1.4 cuts long messages.
        (
            Cause::Network,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request \
             failed caused by: Post https://api.ecr....",
        ),
        (
            Cause::Image,
            "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull \
             images from the registry.",
        ),
        (
            Cause::Image,
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref \
             111122223333.dkr.ecr.eu-west-3.amazonaws.com/app@sha256:1: \
             111122223333.dkr.ecr.eu-west-3.amazonaws.com/app@sha256:1: not found",
        ),
        (
            Cause::Image,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User \
             is not authorized to perform: ecr:GetAuthorizationToken",
        ),
        (
            Cause::Architecture,
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain \
             descriptor matching platform 'linux/amd64'",
        ),
        (
            Cause::Secret,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException",
        ),
        (
            Cause::Secret,
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: \
             invalid parameters: /team/token",
        ),
        (
            Cause::Log,
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed \
             to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
        ),
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/failed-to-start-error.html
        (
            Cause::Subnet,
            "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in \
             subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
        ),
        (
            Cause::Capacity,
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        ),
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
        (
            Cause::Quota,
            "(service a-svc) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can \
             run concurrently. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
        ),
        (
            Cause::Quota,
            "service a-svc was unable to place a task. Reason: You've reached the limit on the number of tasks you can \
             run concurrently",
        ),
        (
            Cause::Capacity,
            "(service a-svc) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again \
             later or in a different availability zone.",
        ),
        // https://github.com/pulumi/pulumi-awsx/issues/927
        (
            Cause::Role,
            "(service a-svc) failed to launch a task with (error ECS was unable to assume the role \
             'arn:aws:iam::111111111111:role/a-task-role' that was provided for this task. Please verify that the role \
             being passed has the proper trust relationship and permissions and that your IAM user has permissions to \
             pass this role.).",
        ),
        (
            Cause::Role,
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        ),
        (Cause::Subnet, "(service a-svc) was unable to place a task. Reason: The subnet ID 'subnet-1' does not exist"),
        (
            Cause::Network,
            "(service a-svc) was unable to place a task. Reason: ResourceInitializationError: unable to pull secrets or \
             registry auth: unable to retrieve secret from asm: There is a connection issue between the task and AWS \
             Secrets Manager. Check your task network configuration.",
        ),
        (Cause::Memory, "OutOfMemoryError: Container killed due to memory usage"),
    ] {
        assert_eq!(cause(sentence), Some(cause_of), "{sentence}");
    }
}

#[test]
fn other_sentences_name_no_cause() {
    for sentence in [
        "",
        "Essential container in task exited",
        "Timeout waiting for network interface provisioning to complete.",
        "Timeout waiting for EphemeralStorage provisioning to complete.",
        "ResourceInitializationError: failed to configure ENI: failed to setup regular eni",
        "Rate limit exceeded while preparing network interface",
    ] {
        assert_eq!(cause(sentence), None, "{sentence}");
    }
}

#[test]
fn missing_image_and_wrong_cpu_are_final() {
    for sentence in [
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found",
        "CannotPullContainerError: manifest unknown",
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
        "CannotStartContainerError: exec /mcp-stateful: exec format error",
    ] {
        assert!(is_final(sentence), "{sentence}");
    }
    for sentence in [
        "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images",
        "CannotPullContainerError: failed to do request: dial tcp: lookup x on 10.0.0.2:53: no such host",
        "ResourceInitializationError: the specified log group: not found",
        "Capacity is unavailable at this time",
    ] {
        assert!(!is_final(sentence), "{sentence}");
    }
}

#[test]
fn code_is_a_single_word() {
    assert_eq!(code("Essential container in task exited"), None);
    assert_eq!(code("some words: more"), None);
    assert_eq!(code("OutOfMemoryError: more"), Some("OutOfMemoryError"));
}
