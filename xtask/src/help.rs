//! The grouped list of commands in `cargo xtask --help`. clap lists commands in one group only.

use clap::{Command, builder::Styles};

use crate::program;

/// The commands that work on the source of mcp-stateful only. The installed program does not list them.
const DEVELOP: &str = "Develop";

/// Every command by group, in the order of the list.
pub(crate) const GROUPS: [(&str, &[&str]); 5] = [
    ("Run", &["deploy", "smoke", "status", "logs", "connect", "token", "destroy"]),
    ("Data", &["export", "import"]),
    ("Check", &["doctor", "policy"]),
    ("Extend", &["new-tool", "infra", "completions"]),
    (DEVELOP, &["ci", "drill", "rehearse", "bench", "instructions", "conformance", "clients", "fuzz"]),
];

/// The template of the help: clap's own, with the groups in place of the list of commands.
pub(crate) fn template() -> String {
    let styles = Styles::styled();
    let header = styles.get_header();
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{{before-help}}{header}Options:{header:#}\n{{options}}"
    )
}

/// Renders the groups of `commands`, with their own descriptions.
pub(crate) fn groups(commands: &Command) -> String {
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let width = commands.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let line = |command: &Command| {
        let (name, about) = (command.get_name(), command.get_about().map(ToString::to_string).unwrap_or_default());
        format!("  {literal}{name:width$}{literal:#}  {about}")
    };
    let listed = GROUPS.iter().filter(|(group, _)| *group != DEVELOP || !program::is_installed());
    let groups = listed.map(|(group, names)| {
        let lines = names.iter().filter_map(|name| commands.find_subcommand(name)).map(line);
        let lines = [format!("{header}{group}:{header:#}")].into_iter().chain(lines);
        lines.collect::<Vec<_>>().join("\n")
    });
    groups.collect::<Vec<_>>().join("\n\n")
}
