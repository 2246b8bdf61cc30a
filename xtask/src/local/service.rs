//! The command line of the service, with an environment that deploy composes.
//!
//! The service's settings come from the environment's file and from deploy. Variables of the shell that the service or
//! its libraries would read do not reach it: one that was exported for work on AWS would open another table, or none.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use super::{home::Home, metrics::MetricsPort, record::Launch, secrets::Secrets};
use crate::{
    environment,
    environments::{self, Environment},
    problem::Problem,
    process::CommandLine,
};

/// Prefixes of the variables that the service does not inherit. Others, such as those of a proxy, describe the machine.
const NOT_INHERITED: [&str; 3] = ["MCP_", "AWS_", "TOKIO_"];

/// The hosts by which the deployer and local clients call the service, whatever else is allowed.
const LOOPBACK: &str = "localhost,127.0.0.1,[::1]";

/// Builds the command line that serves.
pub(crate) fn line(home: &Home, exe: &Path, launch: &Launch, secrets: &Secrets) -> CommandLine {
    let inherited = NOT_INHERITED.iter().flat_map(|prefix| environment::names_with_prefix(prefix));
    let line = CommandLine::new(exe).directory(home.root()).without_env(inherited).env("MCP_LOG_FORMAT", "human");
    let line = launch.environment.iter().fold(line, |line, (name, value)| line.env(name, value));
    let line = secrets.tools.iter().fold(line, |line, (name, value)| line.env(name, value.reveal()));
    let settings = launch.settings.iter().map(|(name, value)| (variable(name), with_loopback(name, value)));
    settings
        .fold(line, |line, (name, value)| line.env(name, value))
        .env("MCP_HOST", "127.0.0.1")
        .env("MCP_PORT", launch.port.to_string())
        .env("MCP_METRICS_PORT", launch.metrics.to_string())
        .env("MCP_STATE_BACKEND", "embedded")
        .env("MCP_STATE_PATH", home.notes())
        .env("MCP_AUTH_TOKEN", secrets.token.reveal())
        .env("MCP_REVISION", &launch.revision)
}

/// Returns the settings in the shell, by variable, which the service does not get.
pub(crate) fn ignored_variables() -> Vec<String> {
    let settings = environments::declared_settings().chain(["auth_token".to_owned()]);
    let settings: Vec<OsString> = settings.map(|name| OsString::from(variable(&name))).collect();
    let mut names = environment::names_with_prefix("MCP_");
    names.retain(|name| settings.contains(name));
    names.sort();
    names.iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Ports that an environment's file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FilePorts {
    pub(crate) service: Option<u16>,
    pub(crate) metrics: Option<MetricsPort>,
}

/// Takes the ports out of the settings, because the deployer chooses free ones before it starts the service.
pub(crate) fn take_ports(environment: &mut Environment, problems: &mut Vec<Problem>) -> FilePorts {
    let file = environment.file();
    let settings = &mut environment.settings;
    FilePorts {
        service: take(settings, "port", &file, problems, "expected a port (0 to 65535)"),
        metrics: take(settings, "metrics_port", &file, problems, "expected a port (0 to 65535) or `off`"),
    }
}

fn take<T: std::str::FromStr>(
    settings: &mut BTreeMap<String, String>,
    name: &str,
    file: &str,
    problems: &mut Vec<Problem>,
    expected: &str,
) -> Option<T> {
    let text = settings.remove(name)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        problems.push(Problem::new(format!("{file}: invalid {name} {text}: {expected}"), format!("correct {name}")));
    }
    parsed
}

fn variable(setting: &str) -> String {
    format!("MCP_{}", setting.to_ascii_uppercase())
}

fn with_loopback(name: &str, value: &str) -> String {
    if name == "allowed_hosts" && !value.trim().is_empty() { format!("{LOOPBACK},{value}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Token;

    fn launch(settings: &[(&str, &str)]) -> Launch {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = BTreeMap::from([("BUCKET".to_owned(), "team-notes".to_owned())]);
        let (revision, secrets) = ("unknown".to_owned(), vec!["API_KEY".to_owned()]);
        Launch { port: 3333, metrics: MetricsPort::Off, revision, source: None, settings, environment, secrets }
    }

    #[test]
    fn deploys_own_settings_win_over_the_file() {
        let launch = launch(&[("log_format", "json"), ("host", "0.0.0.0"), ("allowed_hosts", "a.example.com")]);
        let home = Home::at(Path::new("/home"));
        let tools = BTreeMap::from([("API_KEY".to_owned(), Token::new("key"))]);
        let secrets = Secrets { token: Token::new("secret"), tools };
        let line = line(&home, Path::new("/home/bin/mcp-stateful-0"), &launch, &secrets);
        assert_eq!(line.to_string(), "mcp-stateful-0");
        for (name, value) in [
            ("MCP_AUTH_TOKEN", "secret"),
            ("BUCKET", "team-notes"),
            ("API_KEY", "key"),
            ("MCP_STATE_BACKEND", "embedded"),
            ("MCP_METRICS_PORT", "off"),
            ("MCP_HOST", "127.0.0.1"),
            ("MCP_LOG_FORMAT", "json"),
            ("MCP_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],a.example.com"),
        ] {
            assert_eq!(line.value_of(name), Some(value.as_ref()), "{name}");
        }
        assert_eq!(line.value_of("MCP_STATE_PATH"), Some(Path::new("/home").join("notes.db").as_os_str()));
    }

    #[test]
    fn ports_of_the_file_are_checked() {
        let settings = |port: &str| BTreeMap::from([("port".to_owned(), port.to_owned())]);
        let mut problems = Vec::new();
        let mut environment = Environment::default();
        environment.settings.extend(settings("4242"));
        assert_eq!(take_ports(&mut environment, &mut problems).service, Some(4242));
        assert!(environment.settings.is_empty() && problems.is_empty());
        environment.settings = settings("70000");
        assert_eq!(take_ports(&mut environment, &mut problems), FilePorts::default());
        assert!(problems[0].what.contains("invalid port 70000"), "{problems:?}");
    }
}
