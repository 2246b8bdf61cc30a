//! Authentication of a caller by its bearer token (RFC 6750): the shared token, a named token or an OAuth access token.

use std::{net::IpAddr, sync::Arc};

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, RETRY_AFTER},
    },
    response::Response,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{auth_failures::AuthFailures, challenge::Challenge, error_response::error_response};
use crate::{
    config::AccessConfig,
    oauth::{OAuth, Refused},
    principal::{Grant, Principal},
    telemetry::Metrics,
};

/// The accepted tokens and, for OAuth, the validator of access tokens.
#[derive(Debug)]
pub(super) struct Authenticator {
    auth_required: bool,
    tokens: Box<[StaticToken]>,
    oauth: Option<Arc<OAuth>>,
    challenge: Challenge,
    failures: Option<AuthFailures>,
}

/// A configured token. Both sides of a comparison are hashes of equal length, so timing does not reveal the
/// token's length.
#[derive(Debug)]
struct StaticToken {
    sha256: [u8; 32],
    principal: Principal,
}

impl Authenticator {
    pub(super) fn new(
        access: &AccessConfig,
        oauth: Option<Arc<OAuth>>,
        challenge: Challenge,
        metrics: Arc<Metrics>,
    ) -> Self {
        let shared = access
            .token
            .iter()
            .map(|token| StaticToken { sha256: Sha256::digest(token.expose()).into(), principal: Principal::shared() });
        // "token" cannot collide with an issuer, because every issuer is a URL.
        let named = access.named.iter().map(|token| StaticToken {
            sha256: token.sha256,
            principal: Principal::named("token", &token.name, Grant::FULL),
        });
        Self {
            auth_required: access.auth_required(),
            tokens: shared.chain(named).collect(),
            oauth,
            challenge,
            failures: access.auth_failures.map(|limit| AuthFailures::new(limit, metrics)),
        }
    }

    /// Returns the principal of the token in `headers`, or the response for a caller without a valid one.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        client: Option<IpAddr>,
    ) -> Result<Principal, Box<Response>> {
        if !self.auth_required {
            return Ok(Principal::shared());
        }
        let Some(presented) = bearer_token(headers) else { return Err(self.challenge.missing_token().into()) };
        self.verify(presented).await.map_err(|refused| Box::new(self.rejection(&refused, client)))
    }

    async fn verify(&self, presented: &str) -> Result<Principal, Refused> {
        match (self.match_static_token(presented), &self.oauth) {
            (Some(principal), _) => Ok(principal),
            (None, Some(oauth)) => oauth.verify(presented).await,
            (None, None) => Err(Refused::Token("invalid bearer token")),
        }
    }

    fn rejection(&self, refused: &Refused, client: Option<IpAddr>) -> Response {
        match refused {
            Refused::Token(reason) => match (&self.failures, client) {
                (Some(failures), Some(client)) => failures.count(client).map_or_else(
                    |wait| self.challenge.too_many_failures(wait),
                    |()| self.challenge.invalid_token(reason),
                ),
                _ => self.challenge.invalid_token(reason),
            },
            Refused::Claims(reason) => self.challenge.invalid_token(reason),
            Refused::NoKeys => {
                let mut response = error_response(StatusCode::SERVICE_UNAVAILABLE, refused.to_string());
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
                response
            }
        }
    }

    /// Compares against every token without early exit, so timing does not reveal which one matched.
    fn match_static_token(&self, presented: &str) -> Option<Principal> {
        let hash = Sha256::digest(presented);
        let equal = |token: &&StaticToken| bool::from(hash.as_slice().ct_eq(&token.sha256));
        self.tokens.iter().filter(equal).fold(None, |_, token| Some(token.principal.clone()))
    }
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
