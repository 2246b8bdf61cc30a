//! The environment of Terraform's processes: the caller's, without the variables that would change the plan, the state,
//! the workspace or the arguments. What deploy prints and the operator confirms is then what Terraform does.
//!
//! Variables that are known to be harmless stay, and all others with Terraform's prefix are cleared: the AWS provider
//! and later versions of Terraform add their own (`TF_AWS_DEFAULT_TAGS_…`).
//! <https://developer.hashicorp.com/terraform/cli/config/environment-variables>

use std::{ffi::OsString, sync::Once};

use crate::{environment, environments::Variable, problem::Problem, ui};

const PREFIX: &str = "TF_";
const VARIABLE: &str = "TF_VAR_";
/// The token is the one variable that belongs in the environment, because files and command lines can be read.
const TOKEN: &str = "TF_VAR_auth_token";

/// The variables that decide where providers come from and what is logged.
const HARMLESS: [&str; 8] = [
    "TF_APPEND_USER_AGENT",
    "TF_CLI_CONFIG_FILE",
    "TF_IN_AUTOMATION",
    "TF_INPUT",
    "TF_PLUGIN_CACHE_DIR",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
    "TF_REGISTRY_CLIENT_TIMEOUT",
    "TF_REGISTRY_DISCOVERY_RETRY",
];
/// The log, and credentials of registries.
const HARMLESS_PREFIXES: [&str; 2] = ["TF_LOG", "TF_TOKEN_"];

/// Returns the names of the caller's variables that Terraform does not get.
pub(super) fn cleared() -> Vec<OsString> {
    let mut names = environment::names_with_prefix(PREFIX);
    names.retain(|name| !is_harmless(&name.to_string_lossy()));
    names.sort();
    names
}

/// Reports the cleared variables, once in this process.
pub(super) fn report_cleared() {
    static REPORTED: Once = Once::new();
    REPORTED.call_once(|| {
        if let Some(text) = describe(&cleared()) {
            ui::warning(&text);
        }
    });
}

/// Returns a problem for every variable in the environment that sets one of `declared`: the operator means this
/// deployment, and the plan would not show it.
pub(crate) fn problems(declared: &[Variable]) -> Vec<Problem> {
    let declared: Vec<&str> = declared.iter().map(|variable| variable.name.as_str()).collect();
    let names = environment::names_with_prefix(VARIABLE);
    let names = names.iter().map(|name| name.to_string_lossy()).filter(|name| name != TOKEN);
    names.filter_map(|name| problem(&name, &declared)).collect()
}

fn problem(name: &str, declared: &[&str]) -> Option<Problem> {
    // A variable that infra/ does not declare belongs to another project, however similar its name is.
    let variable = name.strip_prefix(VARIABLE).filter(|variable| declared.contains(variable))?;
    let fix = match variable {
        "allowed_cidr" => "pass `--allowed-cidr <range>`".to_owned(),
        "project_name" => "pass `--project <name>`".to_owned(),
        "region" => "pass `--region <region>`".to_owned(),
        "container_image" => "pass `--image <image>`".to_owned(),
        "revision" => "deploy reads it from git".to_owned(),
        "settings" => "set it in [settings] of the environment's file".to_owned(),
        variable => format!("pass `--var {variable}=…`, or set it in [infra] of the environment's file"),
    };
    Some(Problem::new(
        format!("{name} is set, and deploy does not read variables of infra/ from the environment"),
        format!("{fix}; then `unset {name}`"),
    ))
}

fn describe(cleared: &[OsString]) -> Option<String> {
    let names: Vec<_> = cleared.iter().map(|name| name.to_string_lossy()).collect();
    (!names.is_empty()).then(|| format!("Terraform does not get {}, which could change what it does", names.join(", ")))
}

fn is_harmless(name: &str) -> bool {
    name == TOKEN || HARMLESS.contains(&name) || HARMLESS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_change_a_plan_are_cleared() {
        let changing = [
            "TF_WORKSPACE",
            "TF_DATA_DIR",
            "TF_CLI_ARGS",
            "TF_CLI_ARGS_apply",
            "TF_VAR_fargate_cpu",
            "TF_REATTACH_PROVIDERS",
            "TF_AWS_DEFAULT_TAGS_Team",
            "TF_CLOUD_ORGANIZATION",
            "TF_FORCE_LOCAL_BACKEND",
        ];
        let harmless = ["TF_LOG", "TF_LOG_PROVIDER", "TF_TOKEN_example_com", "TF_CLI_CONFIG_FILE", TOKEN];
        assert!(!changing.iter().any(|name| is_harmless(name)));
        assert!(harmless.iter().chain(&HARMLESS).all(|name| is_harmless(name)));
        let names: Vec<OsString> = changing.map(Into::into).to_vec();
        assert!(describe(&names).unwrap().contains("TF_WORKSPACE, TF_DATA_DIR"));
        assert_eq!(describe(&[]), None);
    }

    #[test]
    fn variables_of_infra_name_their_flag() {
        let declared = ["fargate_cpu", "region", "allowed_cidr"];
        for (name, flag) in [
            ("TF_VAR_fargate_cpu", "`--var fargate_cpu=…`"),
            ("TF_VAR_region", "--region"),
            ("TF_VAR_allowed_cidr", "--allowed-cidr"),
        ] {
            let problem = problem(name, &declared).unwrap();
            assert!(problem.what.contains(name) && problem.fix.contains(flag), "{problem:?}");
        }
        for other in ["TF_VAR_of_another_project", "TF_VAR_fargate_cpus"] {
            assert_eq!(problem(other, &declared), None);
        }
    }
}
