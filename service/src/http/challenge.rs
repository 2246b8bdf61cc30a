//! How a caller who is not let in learns what to bring: `WWW-Authenticate` (RFC 6750, section 3; RFC 9728, section 5.1), as MCP's
//! chapter Authorization has it.

use axum::{
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::Response,
};

use super::error_answer;
use crate::{
    config::OAuthConfig,
    principal::{Access, Grant},
};

/// What is told of OAuth, if that is a way in.
#[derive(Debug, Clone)]
pub(super) struct Challenge {
    oauth: Option<Told>,
}

#[derive(Debug, Clone)]
struct Told {
    metadata: String,
    read: String,
    write: String,
}

impl Challenge {
    pub(super) fn new(oauth: Option<&OAuthConfig>) -> Self {
        let told = oauth.map(|oauth| Told {
            metadata: oauth.resource.metadata_url(),
            read: oauth.read_scope.clone(),
            write: oauth.write_scope.clone(),
        });
        Self { oauth: told }
    }

    /// 401: nothing was presented.
    pub(super) fn nothing_presented(&self) -> Response {
        self.answer(StatusCode::UNAUTHORIZED, None, Grant::FULL, "send a token as `Authorization: Bearer <token>`")
    }

    /// 401: what was presented is not good.
    pub(super) fn invalid_token(&self, why: &str) -> Response {
        self.answer(StatusCode::UNAUTHORIZED, Some("invalid_token"), Grant::FULL, why)
    }

    /// 403: the token is good and does not cover `needed`. The scopes that it has are told too, so that a client that asks for
    /// what it is told to ask for loses none.
    pub(super) fn insufficient_scope(&self, has: Grant, needed: Option<Access>) -> Response {
        let (wanted, why) = match needed {
            Some(Access::Read) => (Grant { read: true, ..has }, "the token does not let its caller read notes"),
            Some(Access::Write) => (Grant { write: true, ..has }, "the token does not let its caller change notes"),
            None => (Grant::FULL, "the token has none of the scopes of this server"),
        };
        self.answer(StatusCode::FORBIDDEN, Some("insufficient_scope"), wanted, why)
    }

    /// `text` is ours or one of [`crate::oauth::Refused`]: no quote of a token, no quotation mark.
    fn answer(&self, status: StatusCode, error: Option<&str>, scopes: Grant, text: &str) -> Response {
        let mut header = r#"Bearer realm="mcp-stateful""#.to_owned();
        let mut add = |name: &str, value: &str| header.push_str(&format!(r#", {name}="{value}""#));
        if let Some(error) = error {
            add("error", error);
        }
        if let Some(oauth) = &self.oauth {
            if error.is_some() {
                add("error_description", text);
            }
            let named = [scopes.read.then_some(&oauth.read), scopes.write.then_some(&oauth.write)];
            let named: Vec<&str> = named.into_iter().flatten().map(String::as_str).collect();
            add("scope", &named.join(" "));
            add("resource_metadata", &oauth.metadata);
        }
        let mut answer = error_answer(status, text);
        // Everything in it was checked to be ASCII when it was configured.
        if let Ok(header) = HeaderValue::from_str(&header) {
            answer.headers_mut().insert(WWW_AUTHENTICATE, header);
        }
        answer
    }
}
