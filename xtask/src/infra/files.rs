//! The files of `infra/`, as this program carries them. A test holds that none is missing.

/// Lists files of `infra/` with their texts.
macro_rules! files {
    ($($name:literal,)*) => { [$(($name, include_str!(concat!("../../../infra/", $name)))),*] };
}

/// Path and text of each file.
pub(super) static ALL: &[(&str, &str)] = &files![
    ".terraform.lock.hcl",
    "README.md",
    "deployer-policy.json",
    "endpoint.tf",
    "fargate-zones.json",
    "iam_exec.tf",
    "iam_task.tf",
    "logs.tf",
    "network.tf",
    "outputs.tf",
    "service.tf",
    "table.tf",
    "task.tf",
    "tests/mocks/aws.tfmock.hcl",
    "tests/security.tftest.hcl",
    "tests/service.tftest.hcl",
    "tests/terraform.tfvars",
    "tests/tools.tftest.hcl",
    "tests/validation.tftest.hcl",
    "tests/validation_tools.tftest.hcl",
    "token.tf",
    "variables.tf",
    "variables_access.tf",
    "variables_network.tf",
    "variables_state.tf",
    "variables_task.tf",
    "variables_tools.tf",
    "versions.tf",
];
