//! Checks `infra/` itself. Terraform's data directory is below cargo's target directory.
//!
//! The user's Terraform settings (`TF_CLI_CONFIG_FILE`, `TF_PLUGIN_CACHE_DIR`) apply: they decide where providers
//! come from.

use std::path::Path;

use super::command;
use crate::{cargo, problem, process::CommandLine, ui};

/// Checks the format and validity of the configuration, and runs its tests. Providers are mocked, so no account is
/// needed.
pub fn check() -> anyhow::Result<()> {
    problem::report(&Vec::from_iter(super::require().err()))?;
    let data = cargo::target_directory()?.join("terraform");
    for line in checks(&data) {
        ui::step("terraform", &line.to_string());
        command::run(&line)?;
    }
    Ok(())
}

fn checks(data: &Path) -> [CommandLine; 4] {
    let init = ["init", "-backend=false", "-lockfile=readonly", "-input=false", "-no-color"];
    [
        on_infra(data, &["fmt", "-check", "-recursive", "-diff"]),
        on_infra(data, &init),
        on_infra(data, &["validate", "-no-color"]),
        on_infra(data, &["test", "-no-color"]),
    ]
}

fn on_infra(data: &Path, args: &[&str]) -> CommandLine {
    let infra = cargo::workspace_root().join("infra");
    command::line().arg(format!("-chdir={}", infra.display())).args(args).env("TF_DATA_DIR", data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_on_infra_with_their_own_data() {
        for line in checks(Path::new("/target/terraform")) {
            assert!(line.to_string().starts_with("terraform -chdir=") && line.to_string().contains("infra "), "{line}");
            assert_eq!(line.value_of("TF_DATA_DIR"), Some("/target/terraform".as_ref()));
        }
    }

    #[test]
    fn check_keeps_the_lock_file() {
        assert!(checks(Path::new("t"))[1].to_string().contains("-lockfile=readonly"));
    }
}
