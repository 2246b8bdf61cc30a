//! Access tokens. Input: either a token as it is sent, or header, claims and signature on one line each,
//! before their base64 encoding, which a fuzzer cannot mutate usefully.
//!
//! Property: an accepted token has exactly the header and claims that the issuer signed. Its only token is in
//! the seeds.

use std::{
    cell::LazyCell,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Parser;
use mcp_stateful::{cli::Cli, config::Config, oauth::OAuth};
use tokio::runtime::{Builder, Runtime};

/// The issuer's public key. The private key was deleted.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256","x":"rZ-ZBDN2i7pI_pV9JmAFl4RPNDMOhV3dZAr1rY8z_1c","y":"Fhk7EbbqRjXrj3Dr0HcZnpWmtf1tXJ_cyShe_Oh6fRo"}]}"#;

/// The header that the issuer signed.
const HEADER: &str = r#"{"alg":"ES256","kid":"a","typ":"at+jwt"}"#;
/// The claims that the issuer signed.
const CLAIMS: &str = r#"{"iss":"https://id.example.com","aud":"https://mcp.example.com/mcp","sub":"alice","scope":"notes:read notes:write","exp":4102444800}"#;

struct Verifier {
    runtime: Runtime,
    oauth: OAuth,
}

thread_local! {
    static VERIFIER: LazyCell<Verifier> = LazyCell::new(Verifier::start);
}

/// Checks the property for one input.
pub fn check(input: &[u8]) {
    if let Ok(token) = str::from_utf8(input) {
        check_token(token);
    }
    let parts: Vec<String> = input.splitn(3, |byte| *byte == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    check_token(&parts.join("."));
}

fn check_token(token: &str) {
    let result = VERIFIER.with(|verifier| verifier.runtime.block_on(verifier.oauth.verify(token)));
    let signed = format!("{}.{}.", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(CLAIMS));
    match result {
        Ok(principal) => {
            assert!(token.starts_with(&signed), "an unsigned token is accepted");
            assert_eq!(principal.name(), "alice");
        }
        Err(refused) => assert_ne!(token, TOKEN, "the issuer's token is rejected: {refused}"),
    }
}

/// The issuer's complete token.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiaHR0cHM6Ly9tY3AuZXhhbXBsZS5jb20vbWNwIiwic3ViIjoiYWxpY2UiLCJzY29wZSI6Im5vdGVzOnJlYWQgbm90ZXM6d3JpdGUiLCJleHAiOjQxMDI0NDQ4MDB9.e4fl1NwTf2nLj4CR-T7mFguBaSdN0Tc8wLnMmB6W7t6E-QEdp975t2CcVJuqVLkBUMldcHZCSHp50SUFseJi1w";

impl Verifier {
    fn start() -> Self {
        let keys = format!("http://{}/keys", publish());
        let flags = [
            "mcp-stateful",
            "--oauth-issuer",
            "https://id.example.com",
            "--oauth-resource",
            "https://mcp.example.com/mcp",
            "--oauth-jwks-url",
            &keys,
        ];
        let (config, _) = Config::parse(&Cli::parse_from(flags).flags).expect("the target's flags are valid");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts");
        let oauth = {
            let _inside = runtime.enter();
            OAuth::start(config.access.oauth.expect("the flags configure OAuth"))
        };
        Self { runtime, oauth }
    }
}

/// Serves [`KEYS`] on loopback for as long as the process lives.
fn publish() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let response = format!("{head}\r\ncontent-length: {}\r\n\r\n{KEYS}", KEYS.len());
            // The validator retries if this fails.
            stream.read(&mut request).and_then(|_| stream.write_all(response.as_bytes())).ok();
        }
    });
    address
}
