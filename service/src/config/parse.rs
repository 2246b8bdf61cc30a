//! Turns texts into values and collects what is wrong on the way, so that one start tells all of it.

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use super::{Backend, ConfigError, Limits, LogConfig, LogFormat, StateConfig};
use crate::cli::Flags;

/// Ten years, in seconds: who wants more wants a name, which does not expire.
const MAX_SESSION_TTL: u64 = 10 * 365 * 24 * 60 * 60;

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigError(self.0)) }
    }

    pub(super) fn add(&mut self, flag: &str, variable: &str, problem: impl Display) {
        self.0.push(format!("{flag} ({variable}): {problem}"));
    }

    pub(super) fn address(&mut self, flag: &str, variable: &str, text: &str) -> IpAddr {
        let text = if text.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { text };
        text.parse().unwrap_or_else(|_| {
            self.add(flag, variable, format_args!("\"{text}\" is no IP address; use for example 127.0.0.1 or 0.0.0.0"));
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        })
    }

    pub(super) fn number<N>(&mut self, flag: &str, variable: &str, text: &str, range: RangeInclusive<N>) -> N
    where
        N: FromStr + PartialOrd + Display + Copy,
    {
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (from, to) = (range.start(), range.end());
                self.add(flag, variable, format_args!("\"{text}\" is no whole number from {from} to {to}"));
                *range.start()
            }
        }
    }

    fn seconds(&mut self, flag: &str, variable: &str, text: &str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(flag, variable, text, range))
    }

    fn choice<T: Copy>(&mut self, flag: &str, variable: &str, text: &str, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.add(flag, variable, format_args!("\"{text}\" is not one of: {}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn metrics(&mut self, flags: &Flags) -> Option<SocketAddr> {
        if flags.metrics_port.eq_ignore_ascii_case("off") {
            return None;
        }
        let host = self.address("--metrics-host", "MCP_METRICS_HOST", &flags.metrics_host);
        let port = self.number("--metrics-port", "MCP_METRICS_PORT", &flags.metrics_port, 0..=u16::MAX);
        Some(SocketAddr::new(host, port))
    }

    pub(super) fn limits(&mut self, flags: &Flags) -> Limits {
        Limits {
            body_bytes: self.number("--max-body-bytes", "MCP_MAX_BODY_BYTES", &flags.max_body_bytes, 1024..=64 << 20),
            body_timeout: self.seconds("--body-timeout", "MCP_BODY_TIMEOUT", &flags.body_timeout, 1..=21),
            // Body and work together stay below http::DRAIN: what was accepted is answered before the process ends.
            request_timeout: self.seconds("--request-timeout", "MCP_REQUEST_TIMEOUT", &flags.request_timeout, 1..=21),
            concurrency: self.number("--max-concurrency", "MCP_MAX_CONCURRENCY", &flags.max_concurrency, 1..=65_536),
            answer_bytes: self.number(
                "--max-answer-bytes",
                "MCP_MAX_ANSWER_BYTES",
                &flags.max_answer_bytes,
                1024..=64 << 20,
            ),
            session_ttl: self.seconds("--session-ttl", "MCP_SESSION_TTL", &flags.session_ttl, 1..=MAX_SESSION_TTL),
        }
    }

    pub(super) fn state(&mut self, flags: &Flags) -> StateConfig {
        let choices = [("embedded", true), ("dynamodb", false)];
        let embedded = self.choice("--state-backend", "MCP_STATE_BACKEND", &flags.state_backend, &choices);
        let backend = match embedded {
            Some(false) => Backend::DynamoDb,
            _ => Backend::Embedded(self.state_path(flags.state_path.as_deref())),
        };
        let table = flags.state_table.clone();
        // DynamoDB's "Naming rules": a-z A-Z 0-9 _ - . and 3 to 255 characters.
        let named = table.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if !named || !(3..=255).contains(&table.len()) {
            let rule = "is no table name: 3 to 255 of a-z, A-Z, 0-9, `_`, `-` and `.`";
            self.add("--state-table", "MCP_STATE_TABLE", format_args!("\"{table}\" {rule}"));
        }
        let deadline = self.seconds("--store-deadline", "MCP_STORE_DEADLINE", &flags.store_deadline, 1..=20);
        StateConfig { backend, table, deadline }
    }

    fn state_path(&mut self, given: Option<&str>) -> PathBuf {
        match given.filter(|path| !path.is_empty()) {
            Some(path) => PathBuf::from(path),
            None => match dirs::data_dir() {
                Some(data) => data.join("mcp-stateful").join("notes.db"),
                None => {
                    self.add("--state-path", "MCP_STATE_PATH", "this system names no data directory; name a file");
                    PathBuf::new()
                }
            },
        }
    }

    pub(super) fn log(&mut self, flags: &Flags) -> LogConfig {
        let formats = [("auto", LogFormat::Auto), ("human", LogFormat::Human), ("json", LogFormat::Json)];
        let format = self.choice("--log-format", "MCP_LOG_FORMAT", &flags.log_format, &formats);
        if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&flags.log) {
            self.add("--log", "MCP_LOG", format_args!("\"{}\": {error}; use for example info", flags.log));
        }
        LogConfig { format: format.unwrap_or(LogFormat::Auto), filter: flags.log.clone(), colour: !flags.no_color }
    }
}
