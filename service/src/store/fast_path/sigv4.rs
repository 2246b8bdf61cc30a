//! Signature Version 4 for DynamoDB requests, each of which is a POST to `/`.
//!
//! The signing key is derived once a day instead of for every request. The algorithm is that of "Create a signed AWS
//! API request" in the AWS IAM User Guide; a test compares each signature with the SDK's signer.

use std::sync::{PoisonError, RwLock};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::generate_signing_key;
use aws_smithy_runtime_api::client::{identity::Identity, orchestrator::HttpRequest};
use http::Uri;
use ring::{digest, hmac};

use crate::{clock, store::keys::hex};

const SERVICE: &str = "dynamodb";
/// The header that is not signed, because proxies may change it.
const UNSIGNED: &str = "user-agent";

/// Signs requests with the credentials of one identity and a key cached for the day.
#[derive(Debug)]
pub(super) struct CachedSigner {
    identity: Identity,
    region: String,
    /// The day, counted from 1970-01-01, and its key.
    key: RwLock<Option<(u64, hmac::Key)>>,
}

impl CachedSigner {
    /// Returns a signer, or `None` if the identity has no AWS credentials.
    pub(super) fn new(identity: Identity, region: &str) -> Option<Self> {
        identity.data::<Credentials>()?;
        Some(Self { identity, region: region.to_owned(), key: RwLock::default() })
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Adds the headers of a signature made at `now` (epoch seconds).
    pub(super) fn sign(&self, request: &mut HttpRequest, now: u64) -> Option<()> {
        let credentials = self.identity.data::<Credentials>()?;
        // 2026-11-23T10:00:00Z in the basic format of ISO 8601: 20261123T100000Z.
        let time = clock::rfc3339(now).replace(['-', ':'], "");
        let host = request.uri().parse::<Uri>().ok()?.authority()?.to_string();
        let headers = request.headers_mut();
        headers.insert("host", host);
        headers.insert("x-amz-date", time.clone());
        if let Some(token) = credentials.session_token() {
            headers.insert("x-amz-security-token", token.to_owned());
        }
        let (names, canonical) = canonical(request)?;
        let scope = format!("{}/{}/{SERVICE}/aws4_request", &time[..8], self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let signature = hex(hmac::sign(&self.key(credentials, now), to_sign.as_bytes()).as_ref());
        let id = credentials.access_key_id();
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        request.headers_mut().insert("authorization", authorization);
        Some(())
    }

    /// Returns the key of the day, derived on the day's first request.
    fn key(&self, credentials: &Credentials, now: u64) -> hmac::Key {
        let day = now / 86_400;
        let cached = self.key.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((cached_day, key)) = cached
            && cached_day == day
        {
            return key;
        }
        let key = generate_signing_key(credentials.secret_access_key(), clock::at(now), &self.region, SERVICE);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = Some((day, key.clone()));
        key
    }
}

/// Returns the names of the signed headers and the canonical request.
fn canonical(request: &HttpRequest) -> Option<(String, String)> {
    let mut headers: Vec<(&str, &str)> = request.headers().iter().filter(|(name, _)| *name != UNSIGNED).collect();
    headers.sort_unstable();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = "POST\n/\n\n".to_owned();
    for (name, value) in headers {
        canonical.extend([name, ":", value.trim(), "\n"]);
    }
    canonical.extend(["\n", &names, "\n", &sha256(request.body().bytes()?)]);
    Some((names, canonical))
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use aws_sigv4::{
        http_request::{SignableBody, SignableRequest, SigningSettings, sign},
        sign::v4,
    };
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn request() -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(r#"{"TableName":"mcp_state"}"#));
        request.set_method("POST").unwrap();
        request.set_uri("https://dynamodb.eu-west-1.amazonaws.com/").unwrap();
        for (name, value) in [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "DynamoDB_20120810.GetItem"),
            ("content-length", "25"),
            ("user-agent", "aws-sdk-rust/1"),
            ("x-amz-user-agent", "aws-sdk-rust/1 md/a"),
        ] {
            request.headers_mut().insert(name, value);
        }
        request
    }

    #[test]
    fn signature_equals_sdk_signature_on_every_day() {
        for token in [None, Some("a/session=token")] {
            let credentials = Credentials::new("AKID", "secret", token.map(str::to_owned), None, "test");
            let identity = Identity::new(credentials, None);
            let signer = CachedSigner::new(identity.clone(), "eu-west-1").unwrap();
            for now in [1_795_000_000, 1_795_000_001, 1_795_086_400] {
                let mut signed_here = request();
                signer.sign(&mut signed_here, now).unwrap();
                let unsigned = request();
                let body = SignableBody::Bytes(unsigned.body().bytes().unwrap());
                let signable =
                    SignableRequest::new(unsigned.method(), unsigned.uri(), unsigned.headers().iter(), body).unwrap();
                let parameters = v4::SigningParams::builder()
                    .identity(&identity)
                    .region("eu-west-1")
                    .name(SERVICE)
                    .time(clock::at(now))
                    .settings(SigningSettings::default());
                let signed = sign(signable, &parameters.build().unwrap().into()).unwrap();
                for header in signed.into_parts().0.into_parts().0 {
                    let name = header.name();
                    assert_eq!(
                        signed_here.headers().get(name),
                        Some(header.value()),
                        "{name} at {now}, token {token:?}"
                    );
                }
            }
        }
    }
}
