//! Looks for an image in a registry other than ECR, without credentials.

use std::time::Duration;

use anyhow::Context;
use oci_client::{
    Client, Reference,
    client::ClientConfig,
    errors::{OciDistributionError, OciErrorCode},
    secrets::RegistryAuth,
};

use super::push;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Returns whether an image exists and can be pulled without credentials. Fails if the registry cannot be asked.
pub(crate) async fn is_public(reference: &str) -> anyhow::Result<bool> {
    let image: Reference = reference.parse().with_context(|| format!("invalid image reference {reference}"))?;
    let client = Client::new(ClientConfig {
        protocol: push::protocol(image.resolve_registry()),
        connect_timeout: Some(TIMEOUT),
        read_timeout: Some(TIMEOUT),
        ..ClientConfig::default()
    });
    match client.fetch_manifest_digest(&image, &RegistryAuth::Anonymous).await {
        Ok(_) => Ok(true),
        Err(error) if is_refusal(&error) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot ask the registry {}", image.resolve_registry())),
    }
}

/// Registries answer both for a missing image and for one that needs credentials: 401, 403 or 404.
fn is_refusal(error: &OciDistributionError) -> bool {
    use OciErrorCode::{Denied, ManifestUnknown, NameUnknown, NotFound, Unauthorized};
    match error {
        OciDistributionError::ImageManifestNotFoundError(_)
        | OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::AuthenticationFailure(_) => true,
        OciDistributionError::ServerError { code, .. } => matches!(code, 401 | 403 | 404),
        OciDistributionError::RegistryError { envelope, .. } => envelope
            .errors
            .iter()
            .any(|error| matches!(error.code, Denied | ManifestUnknown | NameUnknown | NotFound | Unauthorized)),
        _ => false,
    }
}
