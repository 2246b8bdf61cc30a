//! `cargo xtask completions`: prints a shell's completion script. Part of the AWS build, so that the first build is
//! smaller.

use clap::CommandFactory;
use clap_complete::aot;

use crate::{
    cli::{self, Shell},
    program, ui,
};

/// Name that the script completes under the alias. Shells complete programs, and `cargo xtask` is none.
const ALIAS: &str = "xtask";

pub(crate) fn run(args: &cli::Completions) {
    if program::is_installed() {
        ui::result(script(args.shell, program::INSTALLED).trim_end());
        return;
    }
    ui::result(script(args.shell, ALIAS).trim_end());
    ui::progress("completes the command `xtask`; define it with: alias xtask='cargo xtask'");
}

fn script(shell: Shell, name: &'static str) -> String {
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Elvish => aot::Shell::Elvish,
        Shell::Fish => aot::Shell::Fish,
        Shell::Powershell => aot::Shell::PowerShell,
        Shell::Zsh => aot::Shell::Zsh,
    };
    let mut script = Vec::new();
    aot::generate(shell, &mut cli::Cli::command().name(name), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_the_commands() {
        for shell in Shell::value_variants() {
            let script = script(*shell, ALIAS);
            assert!(script.contains("deploy") && script.contains("connect"), "{shell:?}");
        }
    }
}
