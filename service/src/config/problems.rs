//! Parses settings and collects the problems, so that one start reports all of them.

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
    str::FromStr,
    time::Duration,
};

use crate::cli::Flags;

/// One setting: a field of [`Flags`] and its text. Flag and variable are written once, in [`Flags`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) field: &'static str,
    pub(super) text: &'a str,
}

/// Returns the [`Setting`] of a field; with a `?` for an optional one, the `Option` of it, trimmed and
/// without empty texts.
macro_rules! setting {
    ($flags:ident.$field:ident) => {
        $crate::config::problems::Setting { field: stringify!($field), text: &$flags.$field }
    };
    ($flags:ident.$field:ident?) => {
        $flags
            .$field
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| $crate::config::problems::Setting { field: stringify!($field), text })
    };
}
pub(super) use setting;

/// All problems of a configuration, one per line, each with flag, variable and expected value.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigError(self.0)) }
    }

    pub(super) fn add(&mut self, field: &'static str, problem: impl Display) {
        self.0.push(format!("{}: {problem}", Flags::label(field)));
    }

    pub(super) fn address(&mut self, setting: Setting<'_>) -> IpAddr {
        let text = if setting.text.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { setting.text };
        text.parse().unwrap_or_else(|_| {
            let expected = "expected an IP address, such as 127.0.0.1 or 0.0.0.0";
            self.add(setting.field, format_args!("invalid address \"{text}\": {expected}"));
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        })
    }

    pub(super) fn number<N>(&mut self, setting: Setting<'_>, range: RangeInclusive<N>) -> N
    where
        N: FromStr + PartialOrd + Display + Copy,
    {
        match setting.text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (text, from, to) = (setting.text, range.start(), range.end());
                let problem = format!("invalid number \"{text}\": expected a whole number from {from} to {to}");
                self.add(setting.field, problem);
                *range.start()
            }
        }
    }

    pub(super) fn seconds(&mut self, setting: Setting<'_>, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(setting, range))
    }

    pub(super) fn choice<T: Copy>(&mut self, setting: Setting<'_>, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(setting.text));
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let problem = format!("invalid value \"{}\": expected one of {}", setting.text, names.join(", "));
            self.add(setting.field, problem);
        }
        found.map(|(_, value)| *value)
    }
}
