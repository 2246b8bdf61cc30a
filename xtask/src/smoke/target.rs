//! The service under test: its address, its token and its expected revision.

use std::time::Duration;

use anyhow::anyhow;

use crate::{
    http,
    poll::{Check, poll},
    token::Token,
};

/// Upper bound of the wait in [`reach`].
const REACH_LIMIT: Duration = Duration::from_secs(20);
const REACH_POLL: Duration = Duration::from_millis(500);

/// A service to test.
#[derive(Debug, Clone)]
pub struct Target {
    url: String,
    token: Option<Token>,
    open: bool,
    revision: Option<String>,
}

impl Target {
    /// A service by its address, with or without `/mcp` at the end.
    pub(crate) fn new(url: &str) -> Self {
        let url = url.trim_end_matches('/');
        let url = url.strip_suffix("/mcp").unwrap_or(url).trim_end_matches('/');
        Self { url: url.to_owned(), token: None, open: false, revision: None }
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        Self { token: Some(Token::new(token)), ..self }
    }

    /// A service that accepts unauthenticated requests.
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Expects the service to report this revision.
    pub(crate) fn with_revision(self, revision: &str) -> Self {
        Self { revision: Some(revision.to_owned()), ..self }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }
}

/// Waits until an address responds with any status: the smoke test itself sends each request once.
pub async fn reach(url: &str) -> anyhow::Result<()> {
    let client = http::client(url)?;
    let responded = poll(REACH_LIMIT, REACH_POLL, async || {
        Ok(match client.get(format!("{url}/healthz")).send().await {
            Ok(_) => Check::Ready(()),
            Err(error) => Check::NotYet(http::explain(&error)),
        })
    });
    responded.await?.map_err(|timed_out| anyhow!("{} (for {} s)", timed_out.last, REACH_LIMIT.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_may_end_in_mcp() {
        for url in ["http://h:1", "http://h:1/", "http://h:1/mcp", "http://h:1/mcp/"] {
            assert_eq!(Target::new(url).url(), "http://h:1");
        }
        assert_eq!(Target::new("http://h/base/mcp").url(), "http://h/base");
    }
}
