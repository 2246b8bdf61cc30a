//! Who calls: the one token, a named one, or an access token (RFC 6750). 401 with a challenge for all others.

use std::sync::Arc;

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, RETRY_AFTER},
    },
    response::Response,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{challenge::Challenge, error_answer};
use crate::{
    config::AccessConfig,
    oauth::{OAuth, Refused},
    principal::{Grant, Principal},
};

/// Who is known, and by what.
#[derive(Debug)]
pub(super) struct Callers {
    asks: bool,
    tokens: Box<[Token]>,
    oauth: Option<Arc<OAuth>>,
    challenge: Challenge,
}

/// A token that is known itself. The hash makes both sides of a comparison one length, so the time tells nothing.
#[derive(Debug)]
struct Token {
    sha256: [u8; 32],
    principal: Principal,
}

impl Callers {
    pub(super) fn new(access: &AccessConfig, oauth: Option<Arc<OAuth>>) -> Self {
        let single = access
            .token
            .iter()
            .map(|token| Token { sha256: Sha256::digest(token.expose()).into(), principal: Principal::shared() });
        // No issuer is called "token": an issuer is an address.
        let named = access.named.iter().map(|token| Token {
            sha256: token.sha256,
            principal: Principal::named("token", &token.name, Grant::FULL),
        });
        Self {
            asks: access.asks(),
            tokens: single.chain(named).collect(),
            oauth,
            challenge: Challenge::new(access.oauth.as_ref()),
        }
    }

    /// Who presents what is in `headers`; the answer for one who may not call.
    pub(super) async fn identify(&self, headers: &HeaderMap) -> Result<Principal, Box<Response>> {
        if !self.asks {
            return Ok(Principal::shared());
        }
        let Some(presented) = bearer(headers) else { return Err(self.challenge.nothing_presented().into()) };
        self.verify(presented).await.map_err(|refused| Box::new(self.refusal(&refused)))
    }

    async fn verify(&self, presented: &str) -> Result<Principal, Refused> {
        match (self.known(presented), &self.oauth) {
            (Some(principal), _) => Ok(principal),
            (None, Some(oauth)) => oauth.verify(presented).await,
            (None, None) => Err(Refused::Token("the bearer token is not the server's")),
        }
    }

    fn refusal(&self, refused: &Refused) -> Response {
        match refused {
            Refused::Token(why) => self.challenge.invalid_token(why),
            Refused::NoKeys => {
                let mut answer = error_answer(StatusCode::SERVICE_UNAVAILABLE, refused.to_string());
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
                answer
            }
        }
    }

    /// Compares with all, whichever it is.
    fn known(&self, presented: &str) -> Option<Principal> {
        let hash = Sha256::digest(presented);
        let equal = |token: &&Token| bool::from(hash.as_slice().ct_eq(&token.sha256));
        self.tokens.iter().filter(equal).fold(None, |_, token| Some(token.principal.clone()))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
