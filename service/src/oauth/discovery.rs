//! Downloads the issuer's keys, from the configured URL or the one in the issuer's metadata.

use serde_json::Value;

use super::{
    fetch::{FetchError, Fetcher},
    keys::{self, Key},
};
use crate::config::{OAuthConfig, web_address};

/// The reasons for which the keys cannot be downloaded, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("{url}: {error}")]
    Fetch { url: String, error: FetchError },
    #[error("{url}: the metadata names another issuer than MCP_OAUTH_ISSUER ({issuer})")]
    OtherIssuer { url: String, issuer: String },
    #[error("{url}: invalid jwks_uri in the metadata: expected https, or http on loopback")]
    InvalidJwksUri { url: String },
    #[error("{url}: invalid key set: expected a JSON object with `keys`")]
    InvalidKeySet { url: String },
    #[error("no response within {0} s")]
    Timeout(u64),
}

/// The source of an issuer's keys.
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

    /// Downloads the keys.
    pub(super) async fn keys(&self) -> Result<Vec<Key>, SourceError> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let document = self.get(&url).await?;
        keys::parse(document).map_err(|_| SourceError::InvalidKeySet { url })
    }

    /// Returns the key set's URL from the issuer's metadata, tried at RFC 8414's location first, then at OpenID
    /// Connect's.
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
        // RFC 8414, section 3.3: metadata that names another issuer must not be used.
        if metadata["issuer"].as_str() != Some(&self.issuer) {
            return Err(SourceError::OtherIssuer { url, issuer: self.issuer.clone() });
        }
        let jwks_uri = metadata["jwks_uri"].as_str().filter(|uri| web_address(uri).is_some());
        jwks_uri.map(str::to_owned).ok_or(SourceError::InvalidJwksUri { url })
    }

    async fn get(&self, url: &str) -> Result<Value, SourceError> {
        self.fetcher.json(url).await.map_err(|error| SourceError::Fetch { url: url.to_owned(), error })
    }
}

/// Returns the two locations of an issuer's metadata. RFC 8414 puts the well-known part before the issuer's path,
/// OpenID Connect after it.
fn well_known(issuer: &str) -> [String; 2] {
    let issuer = issuer.trim_end_matches('/');
    let authority = issuer.find("://").map_or(0, |at| at + 3);
    let path = issuer[authority..].find('/').map_or(issuer.len(), |at| authority + at);
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
    fn metadata_locations_follow_both_specifications() {
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
