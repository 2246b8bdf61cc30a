//! OAuth 2.1, the resource server's side: who an access token speaks for, and what it allows (MCP, chapter Authorization).
//!
//! Tokens are made by the authorization server that `MCP_OAUTH_ISSUER` names. Nothing of a token, but whom it speaks for, leaves
//! this module, and no key but the issuer's own is ever used: not one that a token brings or points to.

mod claims;
mod discovery;
mod fetch;
mod keys;
mod signatures;
mod store;

use std::time::Instant;

use jsonwebtoken::{Header, decode_header, errors::ErrorKind};

use crate::{config::OAuthConfig, principal::Principal};
use claims::Claims;
use store::{KeyStore, Keys};

/// Takes access tokens of one issuer.
#[derive(Debug)]
pub struct OAuth {
    config: OAuthConfig,
    keys: KeyStore,
}

/// Why nobody is let in by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The token is not good, whatever happens.
    #[error("{0}")]
    Token(&'static str),
    /// Nobody can tell now: the issuer's keys are not here.
    #[error("the authorization server's keys cannot be had at the moment; try again in a few seconds")]
    NoKeys,
}

impl OAuth {
    /// Starts to fetch the issuer's keys, and keeps them fresh for as long as the runtime lives. An issuer that does not answer
    /// is asked again.
    pub fn start(config: OAuthConfig) -> Self {
        signatures::install();
        let keys = KeyStore::start(discovery::Source::new(&config));
        Self { config, keys }
    }

    /// Whom a token speaks for.
    ///
    /// # Errors
    /// [`Refused`], whose text is for the client.
    pub async fn verify(&self, token: &str) -> Result<Principal, Refused> {
        let header = header(token)?;
        if !self.config.algorithms.contains(&header.alg) {
            return Err(Refused::Token("the token is signed in a way that is not taken here"));
        }
        let kid = header.kid.as_deref();
        let known = self.keys.now();
        if let Some(keys) = known.usable(Instant::now())
            && let Some(outcome) = self.verify_with(token, &header, keys)
        {
            return outcome;
        }
        // The issuer may have new keys. It is asked at most every so often, whatever is presented here.
        let newer = self.keys.newer_than(&known).await;
        let keys = newer.usable(Instant::now()).ok_or(Refused::NoKeys)?;
        let unknown = match kid {
            Some(_) => "the token's key is none of the authorization server's",
            None => "the token's signature is not the authorization server's",
        };
        self.verify_with(token, &header, keys).unwrap_or(Err(Refused::Token(unknown)))
    }

    /// Nothing, if another set of keys might tell more.
    fn verify_with(&self, token: &str, header: &Header, keys: &Keys) -> Option<Result<Principal, Refused>> {
        let named = keys.named(header.kid.as_deref());
        if header.kid.is_some() && named.is_empty() {
            return None;
        }
        for key in named.iter().filter(|key| key.fits(header.alg)) {
            let decoded =
                jsonwebtoken::decode::<Claims>(token, key.decoding(), &claims::rules(&self.config, header.alg));
            match decoded {
                Ok(decoded) => return Some(decoded.claims.principal(&self.config)),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(error) => return Some(Err(Refused::Token(claims::explain(error.kind())))),
            }
        }
        // A name tells which key it has to be; without one it might be a key that is not here yet.
        header.kid.as_ref().map(|_| Err(Refused::Token("the token's signature is not the authorization server's")))
    }
}

fn header(token: &str) -> Result<Header, Refused> {
    // Also what has another algorithm than a JWT's, such as `none`.
    let header = decode_header(token).map_err(|_| Refused::Token("the bearer token is not known here"))?;
    // RFC 9068 has at+jwt; most issuers write JWT or nothing. Others are other things, such as a logout token.
    let typ = header.typ.as_deref().unwrap_or("JWT");
    let typ = typ.get(..12).filter(|prefix| prefix.eq_ignore_ascii_case("application/")).map_or(typ, |_| &typ[12..]);
    if !["at+jwt", "JWT"].iter().any(|taken| typ.eq_ignore_ascii_case(taken)) {
        return Err(Refused::Token("the token is no access token"));
    }
    if header.crit.is_some() {
        return Err(Refused::Token("the token demands extensions that are not known here"));
    }
    Ok(header)
}
