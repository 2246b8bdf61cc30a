//! Bearer authentication (RFC 6750): 401 with a challenge unless the token is presented.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::Response,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error_answer;
use crate::{config::Secret, principal::Principal};

/// What the presented token is compared with. The hash makes both sides one length, so the time tells nothing.
#[derive(Debug, Clone)]
pub(super) struct Verifier(Option<[u8; 32]>);

impl Verifier {
    pub(super) fn new(token: Option<&Secret>) -> Self {
        Self(token.map(|token| Sha256::digest(token.expose()).into()))
    }

    fn admits(&self, presented: &str) -> bool {
        let Some(expected) = &self.0 else { return true };
        Sha256::digest(presented).as_slice().ct_eq(expected).into()
    }
}

/// Lets in who may call, with the [`Principal`] in the request's extensions.
pub(super) async fn require_token(State(verifier): State<Verifier>, mut request: Request, next: Next) -> Response {
    if verifier.0.is_none() {
        request.extensions_mut().insert(Principal::shared());
        return next.run(request).await;
    }
    match bearer(request.headers()) {
        Some(token) if verifier.admits(token) => {
            request.extensions_mut().insert(Principal::shared());
            next.run(request).await
        }
        Some(_) => {
            challenge(r#"Bearer realm="mcp-stateful", error="invalid_token""#, "the bearer token is not the server's")
        }
        None => {
            challenge(r#"Bearer realm="mcp-stateful""#, "send the server's token as `Authorization: Bearer <token>`")
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn challenge(how: &'static str, text: &str) -> Response {
    let mut answer = error_answer(StatusCode::UNAUTHORIZED, text);
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(how));
    answer
}
