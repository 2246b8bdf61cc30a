//! The grouped list of commands in `cargo xtask --help`. clap lists commands in one group only.

use clap::{Command, Subcommand, builder::Styles};

use crate::cli;

/// Every command by group, in the order of the list.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Run", &["deploy", "smoke", "status", "logs", "connect", "token", "destroy"]),
    ("Data", &["export", "import"]),
    ("Check", &["doctor", "policy"]),
    ("Develop", &["ci", "drill", "rehearse", "bench", "instructions", "conformance", "clients", "fuzz", "completions"]),
];

/// The template of the help: clap's own, with the groups in place of the list of commands.
pub(crate) fn template() -> String {
    let styles = Styles::styled();
    let header = styles.get_header();
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{{before-help}}{header}Options:{header:#}\n{{options}}"
    )
}

/// Renders the groups. The descriptions are those of the commands themselves.
pub(crate) fn groups() -> String {
    let commands = cli::Command::augment_subcommands(Command::new("xtask"));
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let width = commands.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let line = |command: &Command| {
        let (name, about) = (command.get_name(), command.get_about().map(ToString::to_string).unwrap_or_default());
        format!("  {literal}{name:width$}{literal:#}  {about}")
    };
    let groups = GROUPS.iter().map(|(group, names)| {
        let lines = names.iter().filter_map(|name| commands.find_subcommand(name)).map(line);
        let lines = [format!("{header}{group}:{header:#}")].into_iter().chain(lines);
        lines.collect::<Vec<_>>().join("\n")
    });
    groups.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let commands = cli::Command::augment_subcommands(Command::new("xtask"));
        let commands: Vec<&str> = commands.get_subcommands().map(Command::get_name).collect();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        assert_eq!(BTreeSet::from_iter(commands.iter()), BTreeSet::from_iter(grouped.iter()));
        assert_eq!(commands.len(), grouped.len());
    }

    #[test]
    fn descriptions_fit_in_a_line() {
        for line in groups().lines() {
            let visible = line.split('\u{1b}').map(|part| part.split_once('m').map_or(part, |(_, text)| text));
            assert!(visible.map(str::len).sum::<usize>() <= 100, "{line}");
        }
    }
}
