//! Where the issuer's keys are, and how to get them: the address that was set, or the one in the issuer's metadata.

use serde_json::Value;

use super::{
    fetch::{FetchError, Fetcher},
    keys::{self, Key},
};
use crate::config::{OAuthConfig, web_address};

/// Why there are no keys, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("{url}: {error}")]
    Fetch { url: String, error: FetchError },
    #[error("{url}: it names another issuer than MCP_OAUTH_ISSUER does, which is {issuer}")]
    OtherIssuer { url: String, issuer: String },
    #[error("{url}: it names no jwks_uri that may be asked: https, or http on loopback")]
    NoAddress { url: String },
    #[error("{url}: it is no key set")]
    NoKeySet { url: String },
    #[error("no answer within {0} s")]
    TooSlow(u64),
}

/// An issuer's keys, fetched anew by each call.
#[derive(Debug)]
pub(super) struct Source {
    issuer: String,
    jwks_url: Option<String>,
    fetcher: Fetcher,
}

impl Source {
    pub(super) fn new(config: &OAuthConfig) -> Self {
        Self { issuer: config.issuer.clone(), jwks_url: config.jwks_url.clone(), fetcher: Fetcher::new() }
    }

    pub(super) async fn keys(&self) -> Result<Vec<Key>, SourceError> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let document = self.get(&url).await?;
        keys::read(document).map_err(|_| SourceError::NoKeySet { url })
    }

    /// RFC 8414's place first, then OpenID Connect's.
    async fn discover(&self) -> Result<String, SourceError> {
        let [oauth, openid] = well_known(&self.issuer);
        let (url, metadata) = match self.get(&oauth).await {
            Ok(metadata) => (oauth, metadata),
            Err(SourceError::Fetch { error: FetchError::Status(_) | FetchError::NotJson, .. }) => {
                let metadata = self.get(&openid).await?;
                (openid, metadata)
            }
            Err(error) => return Err(error),
        };
        // RFC 8414, section 3.3: metadata of another is nobody's.
        if metadata["issuer"].as_str() != Some(&self.issuer) {
            return Err(SourceError::OtherIssuer { url, issuer: self.issuer.clone() });
        }
        let named = metadata["jwks_uri"].as_str().filter(|named| web_address(named).is_some());
        named.map(str::to_owned).ok_or(SourceError::NoAddress { url })
    }

    async fn get(&self, url: &str) -> Result<Value, SourceError> {
        self.fetcher.json(url).await.map_err(|error| SourceError::Fetch { url: url.to_owned(), error })
    }
}

/// Where an issuer's metadata may be: RFC 8414 puts the well-known part before the issuer's path, OpenID Connect behind it.
fn well_known(issuer: &str) -> [String; 2] {
    let issuer = issuer.trim_end_matches('/');
    let behind_scheme = issuer.find("://").map_or(0, |at| at + 3);
    let path = issuer[behind_scheme..].find('/').map_or(issuer.len(), |at| behind_scheme + at);
    let (origin, path) = issuer.split_at(path);
    [
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{issuer}/.well-known/openid-configuration"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_where_the_two_specifications_say() {
        assert_eq!(
            well_known("https://idp.example/pool/1"),
            [
                "https://idp.example/.well-known/oauth-authorization-server/pool/1",
                "https://idp.example/pool/1/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            well_known("https://tenant.example/"),
            [
                "https://tenant.example/.well-known/oauth-authorization-server",
                "https://tenant.example/.well-known/openid-configuration"
            ]
        );
    }
}
