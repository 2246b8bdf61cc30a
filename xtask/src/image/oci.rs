//! An image as registries store it: a configuration, its layers, and the manifest that names them by their digests. What is
//! in them is decided elsewhere.
//!
//! The JSON is written from structs, never from maps that some dependency's features could put into another order: its bytes
//! are the image's identity.

use anyhow::Context;
use serde::Serialize;

use super::{digest, layer::Archive};

/// The media type of the manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image that nothing of was compressed yet: enough to know whether a registry has it.
#[derive(Debug, Clone)]
pub struct Unpacked {
    config: Vec<u8>,
    archives: Vec<Archive>,
    /// The digest of the configuration, which names the layers as they are unpacked: engines call it the image's id.
    pub(super) id: String,
}

/// An image, ready to be pushed.
#[derive(Debug, Clone)]
pub struct Image {
    /// The configuration and the layers, each with its digest.
    pub blobs: Vec<(String, Vec<u8>)>,
    pub(super) manifest: Vec<u8>,
    /// Of the manifest: what the image is called.
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
    /// Puts together a configuration, taken as it is, and the layers that it lists.
    pub(super) fn new(config: Vec<u8>, archives: Vec<Archive>) -> Self {
        Self { id: digest::of(&config), config, archives }
    }

    /// Compresses the layers.
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
        .context("cannot write the image's manifest")?;
        let layers = layers.into_iter().map(|layer| (layer.digest, layer.blob));
        let blobs = layers.chain([(self.id, self.config)]).collect();
        Ok(Image { blobs, digest: digest::of(&manifest), manifest })
    }
}

impl Image {
    /// How much it is in a registry.
    pub fn size_bytes(&self) -> u64 {
        self.blobs.iter().map(|(_, blob)| blob.len() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::image::layer;

    #[test]
    fn the_manifest_names_every_blob_by_its_digest_and_size() {
        let image = Unpacked::new(b"{}".to_vec(), vec![layer::of_tar(b"archive".to_vec())]).pack().unwrap();
        let manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
        let named = [&manifest["layers"][0], &manifest["config"]];
        for ((digest, blob), descriptor) in image.blobs.iter().zip(named) {
            assert_eq!(descriptor["digest"], digest.as_str());
            assert_eq!(descriptor["size"], blob.len());
            assert_eq!(*digest, digest::of(blob));
        }
        assert_eq!(image.digest, digest::of(&image.manifest));
    }
}
