//! The secrets in the environment of a service: its bearer token and those of its tools.
//!
//! The tools' secrets are on no disk. A version that is put back gets those that its process had, which are read from
//! the process before it is stopped.

use std::collections::BTreeMap;

use super::{identity, record::Record};
use crate::token::Token;

/// The secrets of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secrets {
    pub(crate) token: Token,
    /// Secrets of tools, by the names of their variables.
    pub(crate) tools: BTreeMap<String, Token>,
}

impl Secrets {
    /// Returns the secrets of a running version. Its process may not be readable: then a secret that the next version
    /// has by the same name takes the place of its own.
    pub(crate) fn of_running(record: Option<&Record>, token: Token, next: &Self) -> Self {
        let Some(record) = record else { return Self { token, tools: BTreeMap::new() } };
        let mut found = identity::variables(&record.identity, &record.launch.secrets);
        let tools = record.launch.secrets.iter().filter_map(|name| {
            let value = found.remove(name).map(Token::new).or_else(|| next.tools.get(name).cloned());
            Some((name.clone(), value?))
        });
        Self { token, tools: tools.collect() }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::{
        local::record::tests::example,
        process::{CommandLine, LogFile, ManagedProcess},
    };

    #[test]
    fn running_version_keeps_its_secrets() {
        let directory = tempfile::tempdir().unwrap();
        let line = CommandLine::new("/bin/sleep").arg("60").env("API_KEY", "old").env("OTHER", "x");
        let log = LogFile::create(&directory.path().join("log")).unwrap();
        let process = ManagedProcess::start(&line, log).unwrap();
        let mut record = example();
        record.identity = identity::identify(process.pid()).unwrap();
        record.launch.secrets = vec!["API_KEY".to_owned(), "LATER".to_owned(), "NOWHERE".to_owned()];
        let tools = [("API_KEY", "new"), ("LATER", "later")].map(|(name, value)| (name.to_owned(), Token::new(value)));
        let next = Secrets { token: Token::new("new"), tools: tools.into() };
        let previous = Secrets::of_running(Some(&record), Token::new("old"), &next);
        let values: Vec<_> = previous.tools.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
        assert_eq!(values, [("API_KEY", "old"), ("LATER", "later")]);
        assert!(Secrets::of_running(None, Token::new("old"), &next).tools.is_empty());
        assert_eq!(format!("{next:?}").matches("Token(…)").count(), 3);
    }
}
