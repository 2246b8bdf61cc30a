//! Reads the archive that `docker save` and `podman save` write: an index, the image's configuration, its layers.
//!
//! Layers are decompressed here and compressed again on push, so that equal layers become equal blobs whichever
//! engine saved them.

use std::{
    collections::HashMap,
    io::{Read, copy},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::{Architecture, layer::Archive, oci::Unpacked};

const INDEX: &str = "manifest.json";
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: PathBuf,
    layers: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Configuration {
    architecture: String,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// Reads the archive's only image. Fails if it is not built for `architecture`. The configuration is kept byte for
/// byte.
pub(super) fn read(archive: impl Read, architecture: Architecture) -> anyhow::Result<Unpacked> {
    let mut members = Members::read(archive).context("cannot read the image's archive")?;
    let index = members.take(Path::new(INDEX))?;
    let entries: Vec<Entry> = serde_json::from_slice(&index).with_context(|| format!("cannot parse {INDEX}"))?;
    let [entry] =
        <[Entry; 1]>::try_from(entries).map_err(|_| anyhow!("invalid archive: expected exactly one image"))?;
    let bytes = members.take(&entry.config)?;
    let configuration: Configuration =
        serde_json::from_slice(&bytes).context("cannot parse the image's configuration")?;
    ensure!(
        configuration.architecture == architecture.oci(),
        "the engine built for {} instead of {}",
        configuration.architecture,
        architecture.oci()
    );
    let mut layers = Vec::new();
    for path in &entry.layers {
        // Left in the archive, because an image may list the same layer twice.
        let layer = layer(members.get(path)?).with_context(|| format!("cannot read the layer {}", path.display()))?;
        layers.push(layer);
    }
    let diff_ids: Vec<_> = layers.iter().map(|layer| layer.diff_id.clone()).collect();
    ensure!(diff_ids == configuration.rootfs.diff_ids, "the archive's layers differ from those in its configuration");
    Ok(Unpacked::new(bytes, layers))
}

fn layer(bytes: &[u8]) -> anyhow::Result<Archive> {
    if bytes.starts_with(&ZSTD) {
        bail!("zstd compression is not supported");
    }
    if !bytes.starts_with(&GZIP) {
        return Ok(Archive::from_tar(bytes.to_owned()));
    }
    let mut archive = Vec::new();
    copy(&mut MultiGzDecoder::new(bytes), &mut archive)?;
    Ok(Archive::from_tar(archive))
}

/// The files of an archive. Older engines write a repeated layer as a link to the first one.
struct Members {
    files: HashMap<PathBuf, Vec<u8>>,
    links: HashMap<PathBuf, PathBuf>,
}

impl Members {
    fn read(archive: impl Read) -> anyhow::Result<Self> {
        let mut members = Self { files: HashMap::new(), links: HashMap::new() };
        for entry in tar::Archive::new(archive).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            if let Some(target) = entry.link_name()? {
                let from = path.parent().unwrap_or(Path::new(""));
                members.links.insert(path.clone(), normal(&from.join(target)));
            } else if entry.header().entry_type().is_file() {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                members.files.insert(path, bytes);
            }
        }
        Ok(members)
    }

    fn get(&self, path: &Path) -> anyhow::Result<&Vec<u8>> {
        let path = self.links.get(path).map_or(path, PathBuf::as_path);
        self.files.get(path).with_context(|| format!("{} is missing in the archive", path.display()))
    }

    fn take(&mut self, path: &Path) -> anyhow::Result<Vec<u8>> {
        self.files.remove(path).with_context(|| format!("{} is missing in the archive", path.display()))
    }
}

/// Resolves the `..` in a path. No file of the archive is written to disk, so a path cannot escape a directory.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut normal, component| {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::Normal(part) => normal.push(part),
            _ => {}
        }
        normal
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::{Value, json};

    use super::*;
    use crate::image::digest::sha256;

    /// Builds an archive that lists its first layer twice, the second time as the link that old engines write.
    fn archive(architecture: &str, second: &[u8], diff_ids: &Value) -> Vec<u8> {
        let index =
            json!([{"Config": "config.json", "RepoTags": null, "Layers": ["a/layer.tar", "b/layer.tar", "blobs/2"]}]);
        let config =
            json!({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}});
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |path: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, path, bytes).unwrap();
        };
        add("a/layer.tar", b"first");
        add("blobs/2", second);
        add("config.json", config.to_string().as_bytes());
        add("manifest.json", index.to_string().as_bytes());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "b/layer.tar", "../a/layer.tar").unwrap();
        archive.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn diff_ids() -> Value {
        json!([sha256(b"first"), sha256(b"first"), sha256(b"second")])
    }

    #[test]
    fn equal_layers_become_equal_blobs() {
        let read = |archive: Vec<u8>| read(archive.as_slice(), Architecture::X86_64).unwrap().pack().unwrap();
        let plain = read(archive("amd64", b"second", &diff_ids()));
        let compressed = archive("amd64", &gzip(b"second"), &diff_ids());
        let compressed = read(compressed);
        assert_eq!(plain.digest, compressed.digest);
        assert_eq!(plain.blobs.len(), 4);
        assert_eq!(plain.blobs[0], plain.blobs[1]);
        assert_eq!(plain.blobs[2].0, Archive::from_tar(b"second".to_vec()).pack().unwrap().digest);
        let config: Value = serde_json::from_slice(&plain.blobs[3].1).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], diff_ids());
    }

    #[test]
    fn unexpected_images_are_rejected() {
        let refused = |archive: Vec<u8>| format!("{:#}", read(archive.as_slice(), Architecture::X86_64).unwrap_err());
        assert!(refused(archive("arm64", b"second", &diff_ids())).contains("built for arm64"));
        assert!(refused(archive("amd64", b"other", &diff_ids())).contains("differ"));
        assert!(refused(archive("amd64", &ZSTD, &diff_ids())).contains("zstd"));
        assert!(refused(tar::Builder::new(Vec::new()).into_inner().unwrap()).contains("manifest.json is missing"));
    }
}
