//! The checks of `infra/` itself. What Terraform keeps for itself goes below cargo's target directory.
//!
//! Where providers come from is Terraform's own affair: its settings (`TF_CLI_CONFIG_FILE`, `TF_PLUGIN_CACHE_DIR`) hold.

use std::path::Path;

use super::command;
use crate::{cargo, problem, process::CommandLine, ui};

/// Formatting, validity and the tests of the configuration, with providers that are mocked: no account, no credentials.
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
    fn every_line_works_on_infra_and_keeps_its_data_apart() {
        for line in checks(Path::new("/target/terraform")) {
            assert!(line.to_string().starts_with("terraform -chdir=") && line.to_string().contains("infra "), "{line}");
            assert_eq!(line.value_of("TF_DATA_DIR"), Some("/target/terraform".as_ref()));
        }
    }

    #[test]
    fn the_lock_file_is_not_changed_by_a_check() {
        assert!(checks(Path::new("t"))[1].to_string().contains("-lockfile=readonly"));
    }
}
