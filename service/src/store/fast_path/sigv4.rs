//! Signature Version 4 for requests to the table, all of which are a POST to `/`: with a key that is derived once a day instead of
//! for every request ("Create a signed AWS API request", AWS IAM User Guide). A test compares it with the SDK's signer.

use std::sync::{PoisonError, RwLock};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::generate_signing_key;
use aws_smithy_runtime_api::client::{identity::Identity, orchestrator::HttpRequest};
use http::Uri;
use ring::{digest, hmac};

use crate::{clock, store::keys::hex};

const SERVICE: &str = "dynamodb";
/// What proxies may change, and so is not signed.
const UNSIGNED: &str = "user-agent";

/// Signs in the name of one identity.
#[derive(Debug)]
pub(super) struct Signing {
    identity: Identity,
    region: String,
    key: RwLock<Option<(u64, hmac::Key)>>,
}

impl Signing {
    /// Nothing if the identity is none that signs.
    pub(super) fn new(identity: Identity, region: &str) -> Option<Self> {
        identity.data::<Credentials>()?;
        Some(Self { identity, region: region.to_owned(), key: RwLock::default() })
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Adds the headers that a signature at `now` (epoch seconds) consists of.
    pub(super) fn sign(&self, request: &mut HttpRequest, now: u64) -> Option<()> {
        let credentials = self.identity.data::<Credentials>()?;
        // 2026-11-23T10:00:00Z, without what ISO 8601 calls its extended format.
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

    /// The key of the day.
    fn key(&self, credentials: &Credentials, now: u64) -> hmac::Key {
        let day = now / 86_400;
        let known = self.key.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((of, key)) = known
            && of == day
        {
            return key;
        }
        let key = generate_signing_key(credentials.secret_access_key(), clock::at(now), &self.region, SERVICE);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = Some((day, key.clone()));
        key
    }
}

/// The names of the signed headers, and the canonical request.
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
    fn signs_as_the_sdk_does_on_every_day() {
        for token in [None, Some("a/session=token")] {
            let credentials = Credentials::new("AKID", "secret", token.map(str::to_owned), None, "test");
            let identity = Identity::new(credentials, None);
            let signing = Signing::new(identity.clone(), "eu-west-1").unwrap();
            for now in [1_795_000_000, 1_795_000_001, 1_795_086_400] {
                let mut ours = request();
                signing.sign(&mut ours, now).unwrap();
                let theirs = request();
                let body = SignableBody::Bytes(theirs.body().bytes().unwrap());
                let signable =
                    SignableRequest::new(theirs.method(), theirs.uri(), theirs.headers().iter(), body).unwrap();
                let parameters = v4::SigningParams::builder()
                    .identity(&identity)
                    .region("eu-west-1")
                    .name(SERVICE)
                    .time(clock::at(now))
                    .settings(SigningSettings::default());
                let signed = sign(signable, &parameters.build().unwrap().into()).unwrap();
                for header in signed.into_parts().0.into_parts().0 {
                    assert_eq!(ours.headers().get(header.name()), Some(header.value()));
                }
            }
        }
    }
}
