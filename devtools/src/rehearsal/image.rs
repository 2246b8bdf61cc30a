//! Images in the emulator's registry: what one is made of, and variants of it, the same layers under another configuration.
//! So a scenario gets an image that does not work without building anything.

use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use xtask::http;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const PATIENCE: Duration = Duration::from_secs(30);

/// How a variant differs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variant {
    /// It is given a setting that the service refuses, so it ends when it starts.
    Refused,
    /// It listens on a port where nobody looks for it.
    OnAnotherPort,
}

/// The digests of an image's parts.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) layers: Vec<String>,
    pub(super) configuration: String,
}

/// Makes a variant of the image that a reference names, pushes it to the same repository, and names it by its digest.
pub(super) async fn push(reference: &str, variant: Variant) -> anyhow::Result<String> {
    let (repository, digest) = parts(reference)?;
    let registry = Registry::of(repository)?;
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

/// What the image that a reference names is made of.
pub(super) async fn contents(reference: &str) -> anyhow::Result<Contents> {
    let (repository, digest) = parts(reference)?;
    let manifest = Registry::of(repository)?.manifest(digest).await?;
    let layers = manifest["layers"].as_array().context("the image's manifest lists no layers")?;
    Ok(Contents {
        layers: layers.iter().map(digest_in).collect::<anyhow::Result<_>>()?,
        configuration: digest_in(&manifest["config"])?,
    })
}

impl Variant {
    fn change(self, config: &mut Value) {
        match self {
            Self::Refused => {
                if let Value::Array(environment) = &mut config["Env"] {
                    environment.push("MCP_MAX_CONCURRENCY=none".into());
                }
            }
            Self::OnAnotherPort => config["Entrypoint"] = json!(["/mcp-stateful", "--port", "3999"]),
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::OnAnotherPort => "on-another-port",
        }
    }
}

/// A repository, over the protocol of registries. The emulator's asks nobody who they are.
#[derive(Debug)]
struct Registry {
    client: reqwest::Client,
    url: String,
}

impl Registry {
    fn of(repository: &str) -> anyhow::Result<Self> {
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
    let answer = request.timeout(PATIENCE).send().await.context("the registry does not answer")?;
    let status = answer.status();
    let text = answer.text().await.context("the registry's answer cannot be read")?;
    if status.is_success() { Ok(text) } else { Err(anyhow!("the registry refuses {what}: {status} {text}")) }
}

/// The repository and the digest.
fn parts(reference: &str) -> anyhow::Result<(&str, &str)> {
    reference.split_once('@').with_context(|| format!("{reference} has no digest"))
}

fn digest_in(descriptor: &Value) -> anyhow::Result<String> {
    descriptor["digest"].as_str().map(str::to_owned).context("the image's manifest names a part without a digest")
}

fn read(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("cannot read what the registry has")
}

fn digest_of(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold("sha256:".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_changes_one_thing() {
        let original = json!({"Env": ["A=b"], "Entrypoint": ["/mcp-stateful"], "Labels": {"l": "v"}, "User": "1:1"});
        let changed = |variant: Variant| {
            let mut config = original.clone();
            variant.change(&mut config);
            config
        };
        for (variant, key) in [(Variant::Refused, "Env"), (Variant::OnAnotherPort, "Entrypoint")] {
            let mut config = changed(variant);
            assert_ne!(config[key], original[key], "{variant:?}");
            config[key] = original[key].clone();
            assert_eq!(config, original, "{variant:?}");
        }
    }

    #[test]
    fn digests_are_the_registries() {
        assert_eq!(digest_of(""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
