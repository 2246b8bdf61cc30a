//! `cargo xtask completions`: prints a shell's completion script. Part of the AWS build, so that the first build is
//! smaller.

use clap::CommandFactory;
use clap_complete::aot;

use crate::{
    cli::{self, Shell},
    ui,
};

/// Name that the script completes. Shells complete programs, and `cargo xtask` is a program only by an alias.
const PROGRAM: &str = "xtask";

pub(crate) fn run(args: &cli::Completions) {
    ui::result(script(args.shell).trim_end());
    ui::progress("completes the command `xtask`; define it with: alias xtask='cargo xtask'");
}

fn script(shell: Shell) -> String {
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Elvish => aot::Shell::Elvish,
        Shell::Fish => aot::Shell::Fish,
        Shell::Powershell => aot::Shell::PowerShell,
        Shell::Zsh => aot::Shell::Zsh,
    };
    let mut script = Vec::new();
    aot::generate(shell, &mut cli::Cli::command().name(PROGRAM), PROGRAM, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_the_commands() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            assert!(script.contains("deploy") && script.contains("connect"), "{shell:?}");
        }
    }
}
