//! An issuer of access tokens, and the service's validation of them. A thread of this process serves the issuer's key.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Parser;
use mcp_stateful::{cli::Cli, clock::epoch_seconds, config::Config, oauth::OAuth, principal::Principal};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const ISSUER: &str = "https://id.example.com";
const RESOURCE: &str = "https://mcp.example.com/mcp";

/// The issuer's key, and the validator of its tokens.
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    runtime: Runtime,
    oauth: OAuth,
}

impl Issuer {
    pub(crate) fn start() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("the system gives random numbers");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("the key was just generated");
        let keys = format!("http://{}/keys", publish(&key));
        let names = ["mcp-stateful", "--oauth-issuer", ISSUER, "--oauth-resource", RESOURCE, "--oauth-jwks-url", &keys];
        let (config, _) = Config::parse(&Cli::parse_from(names).flags).expect("the flags are valid");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts");
        let oauth = {
            let _inside = runtime.enter();
            OAuth::start(config.access.oauth.expect("the flags configure OAuth"))
        };
        Self { key, runtime, oauth }
    }

    /// Returns a token that is valid for an hour.
    pub(crate) fn token(&self) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "ES256", "kid": "a", "typ": "at+jwt"});
        let (scope, end) = ("notes:read notes:write", epoch_seconds() + 3600);
        let claims = json!({"iss": ISSUER, "aud": RESOURCE, "sub": "alice", "scope": scope, "exp": end});
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("the key signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Validates a token and returns its principal.
    pub(crate) fn verify(&self, token: &str) -> Principal {
        self.runtime.block_on(self.oauth.verify(token)).expect("the token is valid")
    }
}

/// Serves the public key on loopback for as long as the process lives.
fn publish(key: &EcdsaKeyPair) -> SocketAddr {
    // An uncompressed point: a byte for the format, then two coordinates of 32 bytes.
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "a", "alg": "ES256", "x": x, "y": y});
    let keys = json!({"keys": [key]}).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let response = format!("{head}\r\ncontent-length: {}\r\n\r\n{keys}", keys.len());
            // The validator retries if this fails.
            stream.read(&mut request).and_then(|_| stream.write_all(response.as_bytes())).ok();
        }
    });
    address
}
