//! Pushes an image to a registry: the blobs that it lacks, then the manifest.

use std::time::Duration;

use anyhow::Context;
use oci_client::{
    Client, Reference, RegistryOperation,
    client::{ClientConfig, ClientProtocol},
    errors::OciDistributionError,
    secrets::RegistryAuth,
};
use reqwest::header::HeaderValue;

use super::{
    oci::{self, Image},
    published::{self, Blob},
};
use crate::{aws::ecr::Login, ui};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The wait for a response. It includes the upload of a blob, so it has to allow for a slow connection.
const READ_TIMEOUT: Duration = Duration::from_secs(600);

/// Pushes an image under a tag of the repository at `uri`. Returns the blobs that the registry lacked.
pub(super) async fn push(
    image: &Image,
    uri: &str,
    tag: &str,
    login: &Login,
    step: &ui::Step,
) -> anyhow::Result<Vec<Blob>> {
    let name = format!("{uri}:{tag}");
    let reference: Reference = name.parse().with_context(|| format!("invalid image reference {name}"))?;
    let client = client(reference.resolve_registry());
    let auth = RegistryAuth::Basic(login.user.clone(), login.password.clone());
    let log_in = client.auth(&reference, &auth, RegistryOperation::Push).await;
    log_in.with_context(|| format!("cannot log in to the registry {}", reference.resolve_registry()))?;
    let mut pushed = Vec::new();
    let total = image.blobs.len() as u64;
    for (index, (digest, blob)) in (0..).zip(&image.blobs) {
        step.bar(index, total);
        let was_missing = push_blob(&client, &reference, digest, blob, step).await;
        if was_missing.with_context(|| format!("cannot push {digest} to {uri}"))? {
            pushed.push(Blob { digest: digest.clone(), bytes: blob.len() as u64 });
        }
    }
    let media_type = HeaderValue::from_static(oci::MANIFEST);
    let stored = client.push_manifest_raw(&reference, image.manifest.clone(), media_type).await;
    accept(stored).with_context(|| format!("cannot push the manifest of {name}"))?;
    Ok(pushed)
}

/// Pushes a blob if the registry lacks it. Returns whether it did.
async fn push_blob(
    client: &Client,
    reference: &Reference,
    digest: &str,
    blob: &[u8],
    step: &ui::Step,
) -> anyhow::Result<bool> {
    // A failed check is ignored: it only saves time, and the push that follows reports the error.
    if client.blob_exists(reference, digest).await.unwrap_or(false) {
        return Ok(false);
    }
    step.note(&format!("pushing {} of {digest}", published::size(blob.len() as u64)));
    accept(client.push_blob(reference, blob.to_vec(), digest).await).map(|()| true)
}

/// Accepts a response without a `Location` header, which is not needed here.
fn accept(pushed: Result<String, OciDistributionError>) -> anyhow::Result<()> {
    match pushed {
        Ok(_) | Err(OciDistributionError::RegistryNoLocationError) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn client(registry: &str) -> Client {
    Client::new(ClientConfig {
        protocol: protocol(registry),
        // In one request: ECR keeps only the first chunk of a chunked upload (aws/containers-roadmap issue 2831).
        use_monolithic_push: true,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
        ..ClientConfig::default()
    })
}

pub(super) fn protocol(registry: &str) -> ClientProtocol {
    if is_loopback(registry) { ClientProtocol::Http } else { ClientProtocol::Https }
}

/// Returns whether the registry is on this machine. Engines, too, use plain HTTP for those.
fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for loopback in ["127.0.0.1:4566", "localhost:5000", "localhost", "127.0.0.2"] {
            assert!(is_loopback(loopback), "{loopback}");
        }
        for remote in ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "10.0.0.1:5000", "localhost.example.com"] {
            assert!(!is_loopback(remote), "{remote}");
        }
    }
}
