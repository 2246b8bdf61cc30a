//! Checks the values of `[settings]` with the service's own parser, because an invalid one would stop every new task.

use clap::Parser;
use mcp_stateful::{cli::Cli, config::Config};

use crate::{environments::Environment, problem::Problem};

/// Returns a problem for every value that the service would reject.
pub(super) fn problems(environment: &Environment) -> Vec<Problem> {
    let flags = environment.settings.iter().map(|(name, value)| format!("--{}={value}", name.replace('_', "-")));
    let problem = |line: &str| {
        let file = environment.file();
        Problem::new(format!("{file}: {line}"), "correct the value in [settings]")
    };
    let cli = match Cli::try_parse_from(["mcp-stateful".to_owned()].into_iter().chain(flags)) {
        Ok(cli) => cli,
        Err(error) => return error.to_string().lines().next().map(problem).into_iter().collect(),
    };
    let Err(rejected) = Config::parse(&cli.flags) else { return Vec::new() };
    // The parser also reads variables of this process, which a task does not get.
    let is_ours = |line: &&String| {
        let labels = environment.settings.keys().map(|name| format!("(MCP_{})", name.to_ascii_uppercase()));
        labels.into_iter().any(|label| line.contains(&label))
    };
    rejected.0.iter().filter(is_ours).map(|line| problem(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_values_are_found_before_a_task_reads_them() {
        let problems = |settings: &[(&str, &str)]| {
            let mut environment = Environment::default();
            environment.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            super::problems(&environment)
        };
        let found = problems(&[("max_concurrency", "0"), ("log", "a=b=c")]);
        assert!(found.len() == 2 && found[0].what.contains("--max-concurrency"), "{found:?}");
        assert_eq!(problems(&[("allow_unauthenticated", "perhaps")]).len(), 1);
        assert_eq!(problems(&[("max_concurrency", "8"), ("allowed_hosts", "a.example.com")]), []);
    }
}
