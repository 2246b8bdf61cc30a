//! The `WWW-Authenticate` challenge of a 401, 403 or 429 (RFC 6750, section 3; RFC 9728, section 5.1; MCP, chapter
//! Authorization).

use std::time::Duration;

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response,
};

use super::{error_response::error_response, rate_limit::seconds};
use crate::{
    config::OAuthConfig,
    principal::{Access, Grant},
};

/// Builds challenges. They name scopes and metadata only if OAuth is configured.
#[derive(Debug, Clone)]
pub(super) struct Challenge {
    oauth: Option<OAuthChallenge>,
}

#[derive(Debug, Clone)]
struct OAuthChallenge {
    metadata_url: String,
    read_scope: String,
    write_scope: String,
}

impl Challenge {
    pub(super) fn new(oauth: Option<&OAuthConfig>) -> Self {
        let oauth = oauth.map(|oauth| OAuthChallenge {
            metadata_url: oauth.resource.metadata_url(),
            read_scope: oauth.read_scope.clone(),
            write_scope: oauth.write_scope.clone(),
        });
        Self { oauth }
    }

    /// Builds the 401 for a request without a token.
    pub(super) fn missing_token(&self) -> Response {
        self.response(StatusCode::UNAUTHORIZED, None, Grant::FULL, "send a token as `Authorization: Bearer <token>`")
    }

    /// Builds the 401 for an invalid token.
    pub(super) fn invalid_token(&self, reason: &str) -> Response {
        self.response(StatusCode::UNAUTHORIZED, Some("invalid_token"), Grant::FULL, reason)
    }

    /// Builds the 429 for an invalid token from a client with too many. It has the challenge of the 401, for clients
    /// that look for it in any response.
    pub(super) fn too_many_failures(&self, wait: Duration) -> Response {
        let seconds = seconds(wait);
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let text = format!("too many invalid tokens from this address; wait {seconds} {unit}, then send a valid one");
        let mut response = self.response(StatusCode::TOO_MANY_REQUESTS, Some("invalid_token"), Grant::FULL, &text);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        response
    }

    /// Builds the 403 for a valid token that does not cover `needed`.
    ///
    /// Includes the scopes that the token already has, so that a client that requests exactly this list keeps them.
    pub(super) fn insufficient_scope(&self, granted: Grant, needed: Option<Access>) -> Response {
        let (wanted, reason) = match needed {
            Some(Access::Read) => {
                (Grant { read: true, ..granted }, "the token does not permit reading notes; request the read scope")
            }
            Some(Access::Write) => {
                (Grant { write: true, ..granted }, "the token does not permit changing notes; request the write scope")
            }
            None => (Grant::FULL, "the token has no scope of this server; request one of its scopes"),
        };
        self.response(StatusCode::FORBIDDEN, Some("insufficient_scope"), wanted, reason)
    }

    /// Requires a `text` that quotes nothing of the request and contains no quotation mark: it becomes a quoted string.
    fn response(&self, status: StatusCode, error: Option<&str>, scopes: Grant, text: &str) -> Response {
        let mut header = r#"Bearer realm="mcp-stateful""#.to_owned();
        let mut add = |name: &str, value: &str| header.push_str(&format!(r#", {name}="{value}""#));
        if let Some(error) = error {
            add("error", error);
        }
        if let Some(oauth) = &self.oauth {
            if error.is_some() {
                add("error_description", text);
            }
            let named = [scopes.read.then_some(&oauth.read_scope), scopes.write.then_some(&oauth.write_scope)];
            let named: Vec<&str> = named.into_iter().flatten().map(String::as_str).collect();
            add("scope", &named.join(" "));
            add("resource_metadata", &oauth.metadata_url);
        }
        let mut response = error_response(status, text);
        // Never fails: the configuration accepts ASCII only.
        if let Ok(header) = HeaderValue::from_str(&header) {
            response.headers_mut().insert(WWW_AUTHENTICATE, header);
        }
        response
    }
}
