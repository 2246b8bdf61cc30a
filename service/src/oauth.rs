//! The resource server of OAuth 2.1: validates access tokens and derives the principal (MCP specification, chapter
//! Authorization).
//!
//! The authorization server that `MCP_OAUTH_ISSUER` names issues the tokens. Only the verified principal leaves this
//! module, never the token or its claims. Only the issuer's published keys are used, never a key that a token contains
//! or points to.

mod claims;
mod discovery;
mod fetch;
mod key_cache;
mod keys;
mod signatures;

use std::time::Instant;

use jsonwebtoken::{Header, decode_header, errors::ErrorKind};
use serde_json::Value;

use crate::{config::OAuthConfig, principal::Principal};
use claims::Claims;
use key_cache::{JwksCache, Keys};

/// The text for a signature that no published key verifies.
const INVALID_SIGNATURE: &str = "the token's signature is invalid";
/// The text for a key that exists and may not verify the token.
const OTHER_ALGORITHM: &str = "the token's key is not published for its signature algorithm";

/// Validates the access tokens of one issuer.
#[derive(Debug)]
pub struct OAuth {
    config: OAuthConfig,
    keys: JwksCache,
}

/// The reasons for which a token is rejected, with texts for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The token is invalid.
    #[error("{0}")]
    Token(&'static str),
    /// The issuer signed the token, and its claims do not admit it: it has expired, for example.
    #[error("{0}")]
    Claims(&'static str),
    /// The token cannot be checked, because the issuer's keys are not available.
    #[error("the authorization server's signing keys are unavailable; retry in a few seconds")]
    NoKeys,
}

impl OAuth {
    /// Starts the task that fetches the issuer's keys and refreshes them until the runtime ends. It retries an issuer
    /// that does not respond.
    pub fn start(config: OAuthConfig) -> Self {
        signatures::install();
        let keys = JwksCache::start(discovery::Source::new(&config));
        Self { config, keys }
    }

    /// Returns the configuration.
    pub fn config(&self) -> &OAuthConfig {
        &self.config
    }

    /// Returns the authorization server's metadata, or `None` if it was not discovered.
    pub(crate) fn server_metadata(&self) -> Option<Value> {
        self.keys.snapshot().metadata().cloned()
    }

    /// Validates a token and returns its principal.
    ///
    /// # Errors
    /// [`Refused`], whose text is for the client.
    pub async fn verify(&self, token: &str) -> Result<Principal, Refused> {
        let header = header(token)?;
        if !self.config.algorithms.contains(&header.alg) {
            return Err(Refused::Token("the token's signature algorithm is not allowed"));
        }
        let kid = header.kid.as_deref();
        let snapshot = self.keys.snapshot();
        if let Some(keys) = snapshot.usable(Instant::now())
            && let Some(outcome) = self.verify_with(token, &header, keys)
        {
            return outcome;
        }
        // The issuer may have new keys. The cache bounds how often they are fetched, whatever tokens clients present.
        let newer = self.keys.newer_than(&snapshot).await;
        let keys = newer.usable(Instant::now()).ok_or(Refused::NoKeys)?;
        let unknown = match kid {
            Some(_) => "the token's signing key is unknown to the authorization server",
            None => INVALID_SIGNATURE,
        };
        self.verify_with(token, &header, keys).unwrap_or(Err(Refused::Token(unknown)))
    }

    /// Validates a token with a set of keys. Returns `None` if a newer set might contain the token's key.
    fn verify_with(&self, token: &str, header: &Header, keys: &Keys) -> Option<Result<Principal, Refused>> {
        let candidates = keys.candidates(header.kid.as_deref());
        let mut reason = OTHER_ALGORITHM;
        for key in candidates.for_algorithm(header.alg) {
            reason = INVALID_SIGNATURE;
            let decoded =
                jsonwebtoken::decode::<Claims>(token, key.decoding(), &claims::rules(&self.config, header.alg));
            match decoded {
                Ok(decoded) => return Some(decoded.claims.principal(&self.config)),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(error) => return Some(Err(claims::explain(error.kind()))),
            }
        }
        // A `kid` names the key, so the result is final. Otherwise a key that is not fetched yet might verify it.
        candidates.are_named().then_some(Err(Refused::Token(reason)))
    }
}

fn header(token: &str) -> Result<Header, Refused> {
    // Rejects algorithms that are not JWT's, too, such as `none`.
    let header = decode_header(token).map_err(|_| Refused::Token("the bearer token is unknown"))?;
    // RFC 9068 requires at+jwt; most issuers write JWT or nothing. Other values are other tokens, such as logout
    // tokens.
    let typ = header.typ.as_deref().unwrap_or("JWT");
    let typ = typ.get(..12).filter(|prefix| prefix.eq_ignore_ascii_case("application/")).map_or(typ, |_| &typ[12..]);
    if !["at+jwt", "JWT"].iter().any(|accepted| typ.eq_ignore_ascii_case(accepted)) {
        return Err(Refused::Token("the token is not an access token"));
    }
    if header.crit.is_some() {
        return Err(Refused::Token("the token requires unsupported extensions (crit)"));
    }
    Ok(header)
}
