//! Reads the archive that `docker save` and `podman save` write: an index, the image's configuration, its layers.
//!
//! The layers are unpacked, to be compressed by our own means: so the same layers are the same blobs whichever engine saved them.

use std::{
    collections::HashMap,
    io::{Read, copy},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::{
    Architecture,
    layer::{self, Archive},
    oci::Unpacked,
};

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

/// The one image in an archive, which has to be of this architecture. Its configuration stays as it is.
pub(super) fn read(archive: impl Read, architecture: Architecture) -> anyhow::Result<Unpacked> {
    let mut members = Members::read(archive).context("cannot read the archive of the image")?;
    let index = members.take(Path::new(INDEX))?;
    let entries: Vec<Entry> = serde_json::from_slice(&index).with_context(|| format!("cannot read {INDEX}"))?;
    let [entry] =
        <[Entry; 1]>::try_from(entries).map_err(|_| anyhow!("the archive holds more than one image, or none"))?;
    let bytes = members.take(&entry.config)?;
    let configuration: Configuration =
        serde_json::from_slice(&bytes).context("cannot read the configuration of the image")?;
    ensure!(
        configuration.architecture == architecture.oci(),
        "the engine built for {}, though {} was asked for",
        configuration.architecture,
        architecture.oci()
    );
    let mut layers = Vec::new();
    for path in &entry.layers {
        // Not taken: two layers may be the same.
        let layer = layer(members.get(path)?).with_context(|| format!("cannot read the layer {}", path.display()))?;
        layers.push(layer);
    }
    let diff_ids: Vec<_> = layers.iter().map(|layer| layer.diff_id.clone()).collect();
    ensure!(diff_ids == configuration.rootfs.diff_ids, "the layers in the archive are not those that the image lists");
    Ok(Unpacked::new(bytes, layers))
}

fn layer(bytes: &[u8]) -> anyhow::Result<Archive> {
    if bytes.starts_with(&ZSTD) {
        bail!("it is compressed with zstd, which is not read here");
    }
    if !bytes.starts_with(&GZIP) {
        return Ok(layer::of_tar(bytes.to_owned()));
    }
    let mut archive = Vec::new();
    copy(&mut MultiGzDecoder::new(bytes), &mut archive)?;
    Ok(layer::of_tar(archive))
}

/// The files of an archive; older engines put a link in the place of a layer that is there already.
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
        self.files.get(path).with_context(|| format!("the archive has no {}", path.display()))
    }

    fn take(&mut self, path: &Path) -> anyhow::Result<Vec<u8>> {
        self.files.remove(path).with_context(|| format!("the archive has no {}", path.display()))
    }
}

/// A path without its `..`; nothing of the archive is written to a disk, so it cannot lead anywhere.
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
    use crate::image::digest;

    /// An archive of two layers, the first of them twice, once as the link that old engines make of it.
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
        json!([digest::of(b"first"), digest::of(b"first"), digest::of(b"second")])
    }

    #[test]
    fn layers_are_the_same_blobs_however_they_were_saved() {
        let read = |archive: Vec<u8>| read(archive.as_slice(), Architecture::X86_64).unwrap().pack().unwrap();
        let plain = read(archive("amd64", b"second", &diff_ids()));
        let compressed = archive("amd64", &gzip(b"second"), &diff_ids());
        let compressed = read(compressed);
        assert_eq!(plain.digest, compressed.digest);
        assert_eq!(plain.blobs.len(), 4);
        assert_eq!(plain.blobs[0], plain.blobs[1]);
        assert_eq!(plain.blobs[2].0, layer::of_tar(b"second".to_vec()).pack().unwrap().digest);
        let config: Value = serde_json::from_slice(&plain.blobs[3].1).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], diff_ids());
    }

    #[test]
    fn what_is_not_the_image_that_was_asked_for_is_refused() {
        let refused = |archive: Vec<u8>| format!("{:#}", read(archive.as_slice(), Architecture::X86_64).unwrap_err());
        assert!(refused(archive("arm64", b"second", &diff_ids())).contains("built for arm64"));
        assert!(refused(archive("amd64", b"other", &diff_ids())).contains("not those"));
        assert!(refused(archive("amd64", &ZSTD, &diff_ids())).contains("zstd"));
        assert!(refused(tar::Builder::new(Vec::new()).into_inner().unwrap()).contains("no manifest.json"));
    }
}
