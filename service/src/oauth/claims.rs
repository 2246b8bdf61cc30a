//! Checks a token's claims: issuer, subject, audience, lifetime and scopes.

use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use serde::Deserialize;

use super::Refused;
use crate::{
    config::OAuthConfig,
    principal::{Grant, Principal},
};

/// The tolerated difference between the issuer's clock and this server's, in seconds.
const LEEWAY: u64 = 30;

/// The longest subject, which is OpenID Connect's limit.
const MAX_SUBJECT_BYTES: usize = 255;

/// The claims that are used. A claim of another type makes the token invalid.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: Option<Texts>,
    client_id: Option<String>,
    token_use: Option<String>,
    scope: Option<Texts>,
    scp: Option<Texts>,
}

/// One string or a list of strings. Issuers use either.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// Returns the library's checks beside the signature. [`Claims::principal`] checks the audience.
pub(super) fn rules(config: &OAuthConfig, algorithm: Algorithm) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.set_required_spec_claims(&["exp", "iss", "sub"]);
    rules.set_issuer(&[&config.issuer]);
    rules.leeway = LEEWAY;
    rules.validate_nbf = true;
    rules.validate_aud = false;
    rules
}

/// Translates an error of the library, other than an invalid signature. The library checks the signature before the
/// claims.
pub(super) fn explain(kind: &ErrorKind) -> Refused {
    match kind {
        ErrorKind::ExpiredSignature => Refused::Claims("the token has expired"),
        ErrorKind::ImmatureSignature => Refused::Claims("the token is not valid yet"),
        ErrorKind::InvalidIssuer => Refused::Claims(WRONG_ISSUER),
        ErrorKind::MissingRequiredClaim(_) => Refused::Claims("the token lacks one of iss, sub and exp"),
        _ => Refused::Token("the token's claims are malformed"),
    }
}

/// The text for a token of an issuer other than `MCP_OAUTH_ISSUER`.
const WRONG_ISSUER: &str = "the token is from another issuer";

impl Claims {
    /// Returns the token's principal, if the token was issued for this server.
    pub(super) fn principal(&self, config: &OAuthConfig) -> Result<Principal, Refused> {
        // The library accepts a list of issuers, too.
        if self.iss != config.issuer {
            return Err(Refused::Claims(WRONG_ISSUER));
        }
        if !self.has_audience(config) {
            return Err(Refused::Claims("the token was issued for another audience"));
        }
        // `token_use` is Amazon Cognito's claim. Its ID tokens have an audience, too, which may be set to this server.
        if self.token_use.as_deref().is_some_and(|used| used != "access") {
            return Err(Refused::Claims("the token is not an access token"));
        }
        if self.sub.is_empty() || self.sub.len() > MAX_SUBJECT_BYTES {
            return Err(Refused::Claims("the token's sub is empty or longer than 255 bytes"));
        }
        Ok(Principal::named(&config.issuer, &self.sub, self.grant(config)))
    }

    fn has_audience(&self, config: &OAuthConfig) -> bool {
        match &self.aud {
            Some(audiences) => audiences.all().iter().any(|audience| config.accepts_audience(audience)),
            None => self.client_id.as_ref().is_some_and(|client| config.client_ids.contains(client)),
        }
    }

    fn grant(&self, config: &OAuthConfig) -> Grant {
        let claimed = [&self.scope, &self.scp].into_iter().flatten().flat_map(Texts::all);
        let scopes: Vec<&str> = claimed.flat_map(|text| text.split(' ')).collect();
        Grant {
            read: scopes.contains(&config.read_scope.as_str()),
            write: scopes.contains(&config.write_scope.as_str()),
        }
    }
}
