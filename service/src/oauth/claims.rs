//! What a token has to say, and what of it counts: for whom, for which address, how long, which scopes.

use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use serde::Deserialize;

use super::Refused;
use crate::{
    config::OAuthConfig,
    principal::{Grant, Principal},
};

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY: u64 = 30;

/// The longest subject: OpenID Connect's limit.
const MAX_SUBJECT_BYTES: usize = 255;

/// The claims that count. A claim of another type than these makes the token a bad one.
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

/// One text or several: issuers write either.
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

/// What the library checks beside the signature. The audience is ours: see [`Claims::principal`].
pub(super) fn rules(config: &OAuthConfig, algorithm: Algorithm) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.set_required_spec_claims(&["exp", "iss", "sub"]);
    rules.set_issuer(&[&config.issuer]);
    rules.leeway = LEEWAY;
    rules.validate_nbf = true;
    rules.validate_aud = false;
    rules
}

/// What the library refused, for the client.
pub(super) fn explain(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token is another issuer's",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks one of iss, sub and exp",
        _ => "the token's claims are not as they have to be",
    }
}

impl Claims {
    /// Whom the token speaks for, if it was made for us.
    pub(super) fn principal(&self, config: &OAuthConfig) -> Result<Principal, Refused> {
        // The library takes a list of issuers, too.
        if self.iss != config.issuer {
            return Err(Refused::Token("the token is another issuer's"));
        }
        if !self.is_for(config) {
            return Err(Refused::Token("the token was made for another audience"));
        }
        // Cognito's word. Its ID tokens have an audience, too, which somebody may have set as ours.
        if self.token_use.as_deref().is_some_and(|used| used != "access") {
            return Err(Refused::Token("the token is no access token"));
        }
        if self.sub.is_empty() || self.sub.len() > MAX_SUBJECT_BYTES {
            return Err(Refused::Token("the token's sub is empty or longer than 255 bytes"));
        }
        Ok(Principal::named(&config.issuer, &self.sub, self.grant(config)))
    }

    fn is_for(&self, config: &OAuthConfig) -> bool {
        match &self.aud {
            Some(audiences) => audiences.all().iter().any(|audience| config.audiences.contains(audience)),
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
