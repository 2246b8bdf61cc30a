//! Images in the emulator's registry: reads their parts, and pushes broken variants with the same layers under another
//! configuration. So a scenario needs no build for an image that does not work.

use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use xtask::http;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LIMIT: Duration = Duration::from_secs(30);

/// A way to break an image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variant {
    /// Sets an invalid value for a setting, so the service exits at its start.
    Misconfigured,
    /// Listens on another port than the health check expects.
    WrongPort,
}

/// The digests of an image's parts.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) layers: Vec<String>,
    pub(super) configuration: String,
}

/// Pushes a variant of an image to the same repository. Returns the variant's reference with its digest.
pub(super) async fn push(reference: &str, variant: Variant) -> anyhow::Result<String> {
    let (repository, digest) = parts(reference)?;
    let registry = Registry::new(repository)?;
    let mut manifest = registry.manifest(digest).await?;
    let config = digest_in(&manifest["config"])?;
    let mut config: Value = read(&registry.get(&format!("blobs/{config}")).await?)?;
    variant.change(&mut config["config"]);

    let config = config.to_string();
    let digest = registry.put_blob(&config).await?;
    manifest["config"]["digest"] = digest.into();
    manifest["config"]["size"] = config.len().into();
    let manifest = manifest.to_string();
    registry.put_manifest(variant.tag(), &manifest).await?;
    Ok(format!("{repository}@{}", digest_of(&manifest)))
}

/// Reads the digests of an image's parts.
pub(super) async fn contents(reference: &str) -> anyhow::Result<Contents> {
    let (repository, digest) = parts(reference)?;
    let manifest = Registry::new(repository)?.manifest(digest).await?;
    let layers = manifest["layers"].as_array().context("the image's manifest lists no layers")?;
    Ok(Contents {
        layers: layers.iter().map(digest_in).collect::<anyhow::Result<_>>()?,
        configuration: digest_in(&manifest["config"])?,
    })
}

impl Variant {
    fn change(self, config: &mut Value) {
        match self {
            Self::Misconfigured => {
                if let Value::Array(environment) = &mut config["Env"] {
                    environment.push("MCP_MAX_CONCURRENCY=none".into());
                }
            }
            Self::WrongPort => config["Entrypoint"] = json!(["/mcp-stateful", "--port", "3999"]),
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::WrongPort => "wrong-port",
        }
    }
}

/// A repository in a registry. The emulator's registry needs no authentication.
#[derive(Debug)]
struct Registry {
    client: reqwest::Client,
    url: String,
}

impl Registry {
    fn new(repository: &str) -> anyhow::Result<Self> {
        let (host, name) = repository.split_once('/').with_context(|| format!("{repository} has no registry"))?;
        Ok(Self { client: http::client("http://127.0.0.1")?, url: format!("http://{host}/v2/{name}") })
    }

    async fn manifest(&self, digest: &str) -> anyhow::Result<Value> {
        read(&self.get(&format!("manifests/{digest}")).await?)
    }

    async fn get(&self, what: &str) -> anyhow::Result<String> {
        let request = self.client.get(format!("{}/{what}", self.url)).header("accept", MANIFEST);
        send(request, what).await
    }

    async fn put_blob(&self, blob: &str) -> anyhow::Result<String> {
        let digest = digest_of(blob);
        let request = self.client.post(format!("{}/blobs/uploads/?digest={digest}", self.url));
        let request = request.header("content-type", "application/octet-stream").body(blob.to_owned());
        send(request, &digest).await?;
        Ok(digest)
    }

    async fn put_manifest(&self, tag: &str, manifest: &str) -> anyhow::Result<()> {
        let request = self.client.put(format!("{}/manifests/{tag}", self.url));
        send(request.header("content-type", MANIFEST).body(manifest.to_owned()), tag).await.map(drop)
    }
}

async fn send(request: reqwest::RequestBuilder, what: &str) -> anyhow::Result<String> {
    let response = request.timeout(LIMIT).send().await.context("the registry does not respond")?;
    let status = response.status();
    let text = response.text().await.context("cannot read the registry's response")?;
    if status.is_success() { Ok(text) } else { Err(anyhow!("the registry rejected {what}: {status} {text}")) }
}

/// Splits a reference into repository and digest.
fn parts(reference: &str) -> anyhow::Result<(&str, &str)> {
    reference.split_once('@').with_context(|| format!("{reference} has no digest"))
}

fn digest_in(descriptor: &Value) -> anyhow::Result<String> {
    descriptor["digest"].as_str().map(str::to_owned).context("the image's manifest has a descriptor without a digest")
}

fn read(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("cannot read the registry's response")
}

fn digest_of(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold("sha256:".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variant_changes_one_setting() {
        let original = json!({"Env": ["A=b"], "Entrypoint": ["/mcp-stateful"], "Labels": {"l": "v"}, "User": "1:1"});
        let changed = |variant: Variant| {
            let mut config = original.clone();
            variant.change(&mut config);
            config
        };
        for (variant, key) in [(Variant::Misconfigured, "Env"), (Variant::WrongPort, "Entrypoint")] {
            let mut config = changed(variant);
            assert_ne!(config[key], original[key], "{variant:?}");
            config[key] = original[key].clone();
            assert_eq!(config, original, "{variant:?}");
        }
    }

    #[test]
    fn digest_matches_the_registry() {
        assert_eq!(digest_of(""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
