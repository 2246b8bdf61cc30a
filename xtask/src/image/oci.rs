//! An image as registries store it: a configuration, layers, and a manifest that lists them by digest.
//!
//! The JSON is serialized from structs, never from maps, whose order a dependency's feature could change: its bytes
//! are the image's identity.

use anyhow::Context;
use serde::Serialize;

use super::{digest::sha256, layer::Archive};

/// The media type of the manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image before compression, which is enough to know its tag.
#[derive(Debug, Clone)]
pub struct Unpacked {
    config: Vec<u8>,
    archives: Vec<Archive>,
    /// The digest of the configuration, which lists the uncompressed layers. Engines call it the image's id.
    pub(super) id: String,
}

/// An image that is ready to push.
#[derive(Debug, Clone)]
pub struct Image {
    /// The layers and the configuration, each with its digest.
    pub blobs: Vec<(String, Vec<u8>)>,
    pub(super) manifest: Vec<u8>,
    /// The digest of the manifest, by which the image is referenced.
    pub(super) digest: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(rename = "schemaVersion")]
    schema_version: u8,
    #[serde(rename = "mediaType")]
    media_type: &'a str,
    config: Descriptor<'a>,
    layers: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    #[serde(rename = "mediaType")]
    media_type: &'a str,
    digest: &'a str,
    size: usize,
}

impl Unpacked {
    /// Combines a configuration, taken byte for byte, with the layers that it lists.
    pub(super) fn new(config: Vec<u8>, archives: Vec<Archive>) -> Self {
        Self { id: sha256(&config), config, archives }
    }

    pub(super) fn config(&self) -> &[u8] {
        &self.config
    }

    /// Adds a last layer. `config` is the configuration that lists it.
    pub(super) fn with_layer(self, layer: Archive, config: Vec<u8>) -> Self {
        let archives = self.archives.into_iter().chain([layer]).collect();
        Self::new(config, archives)
    }

    /// Compresses the layers and writes the manifest.
    pub fn pack(self) -> anyhow::Result<Image> {
        let layers = self.archives.iter().map(Archive::pack).collect::<Result<Vec<_>, _>>();
        let layers = layers.context("cannot compress the image's layers")?;
        let manifest = serde_json::to_vec(&Manifest {
            schema_version: 2,
            media_type: MANIFEST,
            config: Descriptor { media_type: CONFIG, digest: &self.id, size: self.config.len() },
            layers: layers
                .iter()
                .map(|layer| Descriptor { media_type: LAYER, digest: &layer.digest, size: layer.blob.len() })
                .collect(),
        })
        .context("cannot serialize the image's manifest")?;
        let layers = layers.into_iter().map(|layer| (layer.digest, layer.blob));
        let blobs = layers.chain([(self.id, self.config)]).collect();
        Ok(Image { blobs, digest: sha256(&manifest), manifest })
    }
}

impl Image {
    /// Returns the size of all blobs, which is the size in a registry.
    pub fn size_bytes(&self) -> u64 {
        self.blobs.iter().map(|(_, blob)| blob.len() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn manifest_lists_blobs_by_digest_and_size() {
        let image = Unpacked::new(b"{}".to_vec(), vec![Archive::from_tar(b"archive".to_vec())]).pack().unwrap();
        let manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
        let named = [&manifest["layers"][0], &manifest["config"]];
        for ((digest, blob), descriptor) in image.blobs.iter().zip(named) {
            assert_eq!(descriptor["digest"], digest.as_str());
            assert_eq!(descriptor["size"], blob.len());
            assert_eq!(*digest, sha256(blob));
        }
        assert_eq!(image.digest, sha256(&image.manifest));
    }
}
