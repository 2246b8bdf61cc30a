//! Pushes an image to a registry: the blobs that it lacks, then the manifest, which makes an image of them.

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
/// The answer to a blob comes after the blob: a slow line must get through.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// Pushes an image under a tag of the repository at `uri`; says which blobs that took.
pub(super) async fn push(
    image: &Image,
    uri: &str,
    tag: &str,
    login: &Login,
    step: &ui::Step,
) -> anyhow::Result<Vec<Blob>> {
    let name = format!("{uri}:{tag}");
    let reference: Reference = name.parse().with_context(|| format!("{name} names no image"))?;
    let client = client(reference.resolve_registry());
    let auth = RegistryAuth::Basic(login.user.clone(), login.password.clone());
    let log_in = client.auth(&reference, &auth, RegistryOperation::Push).await;
    log_in.with_context(|| format!("cannot log in to the registry {}", reference.resolve_registry()))?;
    let mut pushed = Vec::new();
    let total = image.blobs.len() as u64;
    for (index, (digest, blob)) in (0..).zip(&image.blobs) {
        step.bar(index, total);
        let lacked = push_blob(&client, &reference, digest, blob, step).await;
        if lacked.with_context(|| format!("cannot push {digest} to {uri}"))? {
            pushed.push(Blob { digest: digest.clone(), bytes: blob.len() as u64 });
        }
    }
    let media_type = HeaderValue::from_static(oci::MANIFEST);
    let taken = client.push_manifest_raw(&reference, image.manifest.clone(), media_type).await;
    accept(taken).with_context(|| format!("cannot push the manifest of {name}"))?;
    Ok(pushed)
}

/// Pushes a blob, if the registry lacks it; says whether it did.
async fn push_blob(
    client: &Client,
    reference: &Reference,
    digest: &str,
    blob: &[u8],
    step: &ui::Step,
) -> anyhow::Result<bool> {
    // The question only saves time: where the registry does not answer it, it will say why it does not take the blob.
    if client.blob_exists(reference, digest).await.unwrap_or(false) {
        return Ok(false);
    }
    step.note(&format!("pushes {} of {digest}", published::size(blob.len() as u64)));
    accept(client.push_blob(reference, blob.to_vec(), digest).await).map(|()| true)
}

/// A registry that has taken something need not say where it is: we know.
fn accept(pushed: Result<String, OciDistributionError>) -> anyhow::Result<()> {
    match pushed {
        Ok(_) | Err(OciDistributionError::RegistryNoLocationError) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn client(registry: &str) -> Client {
    let protocol = if is_loopback(registry) { ClientProtocol::Http } else { ClientProtocol::Https };
    Client::new(ClientConfig {
        protocol,
        // In one piece: of a blob that comes in several, ECR keeps the first (aws/containers-roadmap issue 2831).
        use_monolithic_push: true,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(ANSWER_TIMEOUT),
        ..ClientConfig::default()
    })
}

/// As engines do: a registry on this machine needs no certificate.
fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_registry_on_this_machine_is_spoken_to_in_the_clear() {
        for loopback in ["127.0.0.1:4566", "localhost:5000", "localhost", "127.0.0.2"] {
            assert!(is_loopback(loopback), "{loopback}");
        }
        for remote in ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "10.0.0.1:5000", "localhost.example.com"] {
            assert!(!is_loopback(remote), "{remote}");
        }
    }
}
