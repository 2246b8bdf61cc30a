//! The public side of an authorization server on loopback: its metadata and its keys.
//!
//! Tests replace and remove the documents and count the requests. The tokens are built by hand, so that no library's
//! validation limits what a test can present.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, extract::State, http::Uri, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_stateful::clock::epoch_seconds;
use ring::{
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::server::Setup;

/// The resource URL of the servers under test.
pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";

pub(crate) const METADATA: &str = "/.well-known/oauth-authorization-server";
pub(crate) const OPENID: &str = "/.well-known/openid-configuration";
pub(crate) const JWKS: &str = "/jwks";

/// A running issuer. It lives as long as the test's runtime.
pub(crate) struct Issuer {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The published documents by path. Any other path is 404.
    documents: Mutex<Vec<(String, String)>>,
    down: Mutex<bool>,
    asked: AtomicU32,
}

impl Issuer {
    /// Starts an issuer with RFC 8414 metadata and `keys`.
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").await.unwrap(), keys)
    }

    /// Starts the same issuer on an existing listener.
    pub(crate) fn listen(listener: TcpListener, keys: &[&Key]) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(respond).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let issuer = Self { url, shared };
        issuer.publish(METADATA, &json!({"issuer": issuer.url, "jwks_uri": format!("{}{JWKS}", issuer.url)}));
        issuer.show(keys);
        issuer
    }

    /// Publishes a document at a path.
    pub(crate) fn publish(&self, path: &str, document: &Value) {
        self.publish_text(path, document.to_string());
    }

    pub(crate) fn publish_text(&self, path: &str, text: String) {
        self.withdraw(path);
        self.shared.documents.lock().unwrap().push((path.to_owned(), text));
    }

    pub(crate) fn withdraw(&self, path: &str) {
        self.shared.documents.lock().unwrap().retain(|(known, _)| known != path);
    }

    /// Replaces the published keys.
    pub(crate) fn show(&self, keys: &[&Key]) {
        self.publish(JWKS, &json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}));
    }

    /// Starts or ends an outage, during which every response is 500.
    pub(crate) fn set_down(&self, down: bool) {
        *self.shared.down.lock().unwrap() = down;
    }

    /// Returns the number of requests for the key set.
    pub(crate) fn asked(&self) -> u32 {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Returns the claims of a valid token for `subject`.
    pub(crate) fn claims(&self, subject: &str) -> Value {
        json!({
            "iss": self.url,
            "sub": subject,
            "aud": RESOURCE,
            "exp": epoch_seconds() + 600,
            "scope": "openid notes:read notes:write",
        })
    }

    /// Returns the setup of a server that accepts its tokens.
    pub(crate) fn setup(&self) -> Setup {
        Setup::new().env("MCP_OAUTH_ISSUER", &self.url).env("MCP_OAUTH_RESOURCE", RESOURCE)
    }
}

async fn respond(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    if uri.path() == JWKS {
        shared.asked.fetch_add(1, Ordering::SeqCst);
    }
    let document = shared.documents.lock().unwrap().iter().find(|(path, _)| path == uri.path()).cloned();
    let (status, body) = match document {
        _ if *shared.down.lock().unwrap() => (500, String::new()),
        Some((_, text)) => (200, text),
        None => (404, String::new()),
    };
    Response::builder().status(status).header("content-type", "application/json").body(body.into()).unwrap()
}

/// A key pair and its name.
pub(crate) struct Key {
    pub(crate) id: &'static str,
    pair: Pair,
}

enum Pair {
    Curve(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    /// Generates a key on P-256.
    pub(crate) fn new(id: &'static str) -> Self {
        let (scheme, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
        Self { id, pair: Pair::Curve(EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap()) }
    }

    /// Returns the public example key of RFC 7517, appendix A.2, because ring cannot generate RSA keys.
    pub(crate) fn rsa(id: &'static str) -> Self {
        let part = |name| decode(rfc_7517(name));
        let components = rsa::KeyPairComponents {
            public_key: rsa::PublicKeyComponents { n: part("n"), e: part("e") },
            d: part("d"),
            p: part("p"),
            q: part("q"),
            dP: part("dp"),
            dQ: part("dq"),
            qInv: part("qi"),
        };
        Self { id, pair: Pair::Rsa(RsaKeyPair::from_components(&components).unwrap()) }
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Curve(_) => "ES256",
            Pair::Rsa(_) => "RS256",
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Curve(pair) => {
                // An uncompressed point: 4, then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "alg": "ES256",
                    "x": encode(x), "y": encode(y)})
            }
            Pair::Rsa(_) => {
                json!({"kty": "RSA", "kid": self.id, "use": "sig", "n": rfc_7517("n"), "e": rfc_7517("e")})
            }
        }
    }

    /// Returns the public key without one of its members.
    pub(crate) fn jwk_without(&self, member: &str) -> Value {
        let mut jwk = self.jwk();
        jwk.as_object_mut().unwrap().remove(member);
        jwk
    }

    /// Returns a token whose header matches the key.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm(), "kid": self.id, "typ": "at+jwt"}), claims)
    }

    /// Returns a token with any header. The key's own algorithm signs it, whatever the header states.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Curve(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{message}.{}", encode(&signature))
    }
}

/// Returns the signed part of a token.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn rfc_7517(name: &str) -> &'static str {
    RFC_7517.iter().find(|(known, _)| *known == name).unwrap().1
}

const RFC_7517: [(&str, &str); 8] = [
    (
        "n",
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    ),
    ("e", "AQAB"),
    (
        "d",
        "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q",
    ),
    (
        "p",
        "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs",
    ),
    (
        "q",
        "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk",
    ),
    (
        "dp",
        "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0",
    ),
    (
        "dq",
        "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk",
    ),
    (
        "qi",
        "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU",
    ),
];
