//! What is tested: an address, and what we know about what should be there.

use crate::token::Token;

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

    /// The service asks nobody for a token.
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The revision that the service must say it is.
    pub(crate) fn with_revision(self, revision: &str) -> Self {
        Self { revision: Some(revision.to_owned()), ..self }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn mcp_url(&self) -> String {
        format!("{}/mcp", self.url)
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(Token::reveal)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_may_be_the_service_or_its_endpoint() {
        for url in ["http://h:1", "http://h:1/", "http://h:1/mcp", "http://h:1/mcp/"] {
            assert_eq!(Target::new(url).url(), "http://h:1");
            assert_eq!(Target::new(url).mcp_url(), "http://h:1/mcp");
        }
        assert_eq!(Target::new("http://h/base/mcp").url(), "http://h/base");
    }
}
