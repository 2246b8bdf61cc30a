//! Downloads the issuer's metadata and keys.
//!
//! An issuer may publish its metadata at any of three locations. One that serves nothing, or a wrong document, does not
//! end the search, because issuers and the proxies before them answer unknown paths with pages, redirects and stubs.

use std::{fmt, time::Duration};

use serde_json::Value;
use tokio::time::{self, Instant};

use super::{
    fetch::{FetchError, Fetcher},
    keys::{self, Key},
};
use crate::config::{OAuthConfig, web_address};

/// The longest wait for one document. A silent location leaves enough of [`FETCH_TIMEOUT`] for the others.
const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest duration of one search: three locations of the metadata, then the keys.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(8);

/// The longest issuer that is quoted in the log.
const MAX_QUOTED: usize = 256;

/// An issuer's documents.
#[derive(Debug)]
pub(super) struct Published {
    /// The metadata, unless the key set's URL is configured.
    pub(super) metadata: Option<Value>,
    /// The keys that can verify a token.
    pub(super) keys: Vec<Key>,
}

/// The failures of all locations, for the log.
#[derive(Debug)]
pub(super) struct SourceError(Vec<(String, Problem)>);

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (url, problem)) in self.0.iter().enumerate() {
            write!(f, "{}{url}: {problem}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// The reasons for which a document cannot be used.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("no response in time")]
    Timeout,
    #[error("the metadata names another issuer{named}; MCP_OAUTH_ISSUER is {expected}")]
    OtherIssuer { named: String, expected: String },
    #[error("the metadata has no jwks_uri")]
    NoJwksUri,
    #[error("invalid jwks_uri in the metadata: expected https, or http on loopback")]
    InvalidJwksUri,
    #[error("invalid key set: expected a JSON object with `keys`")]
    InvalidKeySet,
    #[error("its key set {0}: {1}")]
    KeySet(String, Box<Self>),
    #[error("its key set {0} failed before")]
    SameKeySet(String),
}

/// The source of an issuer's documents.
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

    /// Downloads the keys from the configured URL, or from the first location of the metadata that leads to keys.
    pub(super) async fn fetch(&self) -> Result<Published, SourceError> {
        let end = Instant::now() + FETCH_TIMEOUT;
        if let Some(url) = &self.jwks_url {
            let keys = self.key_set(url, end).await.map_err(|problem| SourceError(vec![(url.clone(), problem)]))?;
            return Ok(Published { metadata: None, keys });
        }
        let (mut problems, mut tried) = (Vec::new(), Vec::new());
        for url in well_known(&self.issuer) {
            match self.follow(&url, &mut tried, end).await {
                Ok(published) => return Ok(published),
                Err(problem) => problems.push((url, problem)),
            }
        }
        Err(SourceError(problems))
    }

    /// Downloads the metadata at `url` and the key set that it names, unless that is among those already `tried`.
    async fn follow(&self, url: &str, tried: &mut Vec<String>, end: Instant) -> Result<Published, Problem> {
        let (jwks_uri, metadata) = self.metadata(url, end).await?;
        if tried.contains(&jwks_uri) {
            return Err(Problem::SameKeySet(jwks_uri));
        }
        tried.push(jwks_uri.clone());
        match self.key_set(&jwks_uri, end).await {
            Ok(keys) => Ok(Published { metadata: Some(metadata), keys }),
            Err(problem) => Err(Problem::KeySet(jwks_uri, problem.into())),
        }
    }

    /// Downloads the metadata at `url`. Returns the key set's URL with it.
    async fn metadata(&self, url: &str, end: Instant) -> Result<(String, Value), Problem> {
        let metadata = self.document(url, end).await?;
        // RFC 8414, section 3.3: metadata that names another issuer must not be used.
        let named = metadata["issuer"].as_str();
        if named != Some(&self.issuer) {
            let named = named.filter(|issuer| issuer.len() <= MAX_QUOTED && web_address(issuer).is_some());
            let named = named.map_or_else(String::new, |issuer| format!(" ({issuer})"));
            return Err(Problem::OtherIssuer { named, expected: self.issuer.clone() });
        }
        let jwks_uri = metadata["jwks_uri"].as_str().ok_or(Problem::NoJwksUri)?;
        web_address(jwks_uri).ok_or(Problem::InvalidJwksUri)?;
        Ok((jwks_uri.to_owned(), metadata))
    }

    async fn key_set(&self, url: &str, end: Instant) -> Result<Vec<Key>, Problem> {
        keys::parse(self.document(url, end).await?).map_err(|_| Problem::InvalidKeySet)
    }

    async fn document(&self, url: &str, end: Instant) -> Result<Value, Problem> {
        let end = end.min(Instant::now() + DOCUMENT_TIMEOUT);
        Ok(time::timeout_at(end, self.fetcher.json(url)).await.map_err(|_| Problem::Timeout)??)
    }
}

/// Returns the locations of an issuer's metadata, in the order of MCP's chapter Authorization. RFC 8414 puts the
/// well-known part before the issuer's path, OpenID Connect Discovery behind it. RFC 8414, section 5, permits OpenID's
/// document at its own location, too.
fn well_known(issuer: &str) -> Vec<String> {
    // Both specifications remove one terminating slash.
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let authority = issuer.find("://").map_or(0, |at| at + 3);
    let path = issuer[authority..].find('/').map_or(issuer.len(), |at| authority + at);
    let (origin, path) = issuer.split_at(path);
    let mut locations = vec![
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{origin}/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        locations.push(format!("{issuer}/.well-known/openid-configuration"));
    }
    locations
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
                "https://idp.example/.well-known/openid-configuration/pool/1",
                "https://idp.example/pool/1/.well-known/openid-configuration",
            ]
        );
        for issuer in ["https://tenant.example", "https://tenant.example/"] {
            assert_eq!(
                well_known(issuer),
                [
                    "https://tenant.example/.well-known/oauth-authorization-server",
                    "https://tenant.example/.well-known/openid-configuration",
                ]
            );
        }
    }
}
