//! The assets: files of the project that the image contains below `/assets`, each under its path in the project. They
//! are one layer, so a change of the code does not push them again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::{
    layer::{Archive, File},
    oci::Unpacked,
};
use crate::{environments::ASSETS_DIR, problem::Problem};

const DIRECTORY: &str = "assets";
/// Above it, a path is more likely a mistake, such as a directory of build results. Everything is read into memory.
const MAX_BYTES: u64 = 100 << 20;
/// The number of hex digits of the layer's digest in the tag.
const DIGITS: usize = 12;

/// The files for an image. There are none by default.
#[derive(Debug, Clone, Default)]
pub struct Assets(Vec<(String, Vec<u8>)>);

impl Assets {
    /// Reads files and directories of a project. Files whose names begin with a dot are left out, links are rejected.
    pub(crate) fn read(root: &Path, paths: &[String]) -> Result<Self, Problem> {
        let mut files = Vec::new();
        let mut total = 0;
        for path in paths {
            collect(root, path, &mut files, &mut total).map_err(|error| {
                Problem::new(
                    format!("cannot read the asset {path}: {error:#}"),
                    "correct assets in [image], or make the file readable",
                )
            })?;
        }
        files.sort();
        files.dedup_by(|one, other| one.0 == other.0);
        Ok(Self(files))
    }

    /// Describes the files for the end of an image's description: nothing, or such as ` with 3 files in /assets`.
    pub(crate) fn describe(&self) -> String {
        match self.0.len() {
            0 => String::new(),
            1 => format!(" with 1 file in /{DIRECTORY}"),
            files => format!(" with {files} files in /{DIRECTORY}"),
        }
    }

    /// Returns the tag of an image with these files, given that of the image without them.
    pub(super) fn tag(&self, tag: String) -> anyhow::Result<String> {
        let Some(layer) = self.layer()? else { return Ok(tag) };
        let hex = layer.diff_id.trim_start_matches("sha256:");
        Ok(format!("{tag}-assets-{}", hex.get(..DIGITS).unwrap_or(hex)))
    }

    /// Adds the files to an image, and the variable that names their directory.
    pub(super) fn add_to(&self, image: Unpacked) -> anyhow::Result<Unpacked> {
        let Some(layer) = self.layer()? else { return Ok(image) };
        let mut configuration: Value =
            serde_json::from_slice(image.config()).context("cannot parse the image's configuration")?;
        let mut push = |pointer: &str, value: Value| {
            if let Some(list) = configuration.pointer_mut(pointer).and_then(Value::as_array_mut) {
                list.push(value);
            }
        };
        push("/rootfs/diff_ids", json!(layer.diff_id));
        push("/config/Env", json!(format!("{ASSETS_DIR}=/{DIRECTORY}")));
        // Engines compare the number of layers with their history, where there is one.
        push("/history", json!({"created": "1970-01-01T00:00:00Z", "created_by": DIRECTORY}));
        let bytes = serde_json::to_vec(&configuration).context("cannot serialize the image's configuration")?;
        Ok(image.with_layer(layer, bytes))
    }

    fn layer(&self) -> anyhow::Result<Option<Archive>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let files: Vec<File<'_>> =
            self.0.iter().map(|(path, bytes)| File { path, mode: 0o644, bytes: bytes.as_slice() }).collect();
        Archive::from_files(&files).context("cannot build the layer of the assets").map(Some)
    }
}

fn collect(root: &Path, path: &str, files: &mut Vec<(String, Vec<u8>)>, total: &mut u64) -> anyhow::Result<()> {
    let file = root.join(path);
    let metadata = file.symlink_metadata()?;
    ensure!(!metadata.is_symlink(), "{} is a link; copy the file there instead", file.display());
    if metadata.is_dir() {
        for name in names(&file)? {
            collect(root, &format!("{path}/{name}"), files, total)?;
        }
        return Ok(());
    }
    *total += metadata.len();
    ensure!(*total <= MAX_BYTES, "the assets have more than {} MiB", MAX_BYTES >> 20);
    files.push((format!("{DIRECTORY}/{path}"), fs::read(&file)?));
    Ok(())
}

fn names(directory: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()? {
        let path: PathBuf = entry.path();
        let name = entry.file_name().into_string();
        let name = name.map_err(|_| anyhow::anyhow!("{} has no name in UTF-8", path.display()))?;
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        image::{Architecture, digest::sha256, labels, static_image},
        source::identity::tests::of_service,
    };

    fn project() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("prompts/de")).unwrap();
        for (path, text) in
            [("prompts/a.txt", "a"), ("prompts/de/b.txt", "b"), ("prompts/.hidden", "x"), ("cities.csv", "c")]
        {
            fs::write(directory.path().join(path), text).unwrap();
        }
        directory
    }

    fn read(directory: &Path, paths: &[&str]) -> Result<Assets, Problem> {
        Assets::read(directory, &paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn files_keep_their_paths() {
        let directory = project();
        let assets = read(directory.path(), &["prompts", "cities.csv", "prompts/a.txt"]).unwrap();
        let paths: Vec<&str> = assets.0.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["assets/cities.csv", "assets/prompts/a.txt", "assets/prompts/de/b.txt"]);
        assert_eq!(assets.describe(), " with 3 files in /assets");
        assert_eq!(Assets::default().describe(), "");
    }

    #[test]
    fn image_gets_a_layer_and_a_variable() {
        let directory = project();
        let assets = read(directory.path(), &["prompts"]).unwrap();
        let labels = labels::for_identity(&of_service("abc"));
        let image = || static_image::image(b"binary", Architecture::X86_64, &labels, 0).unwrap();
        let plain = image().pack().unwrap();
        let with = assets.add_to(image()).unwrap().pack().unwrap();
        assert_eq!(with.blobs.len(), plain.blobs.len() + 1);
        assert_eq!(with.blobs[..2], plain.blobs[..2]);
        let configuration: Value = serde_json::from_slice(&with.blobs[3].1).unwrap();
        assert_eq!(configuration["rootfs"]["diff_ids"].as_array().unwrap().len(), 3);
        assert_eq!(configuration["config"]["Env"].as_array().unwrap().last().unwrap(), "ASSETS_DIR=/assets");
        assert_eq!(with.blobs[3].0, sha256(&with.blobs[3].1));
        assert_eq!(Assets::default().add_to(image()).unwrap().pack().unwrap().digest, plain.digest);
    }

    #[test]
    fn tag_follows_the_content() {
        let directory = project();
        let tag = || read(directory.path(), &["prompts"]).unwrap().tag("abc".to_owned()).unwrap();
        let first = tag();
        assert!(first.starts_with("abc-assets-") && first.len() == "abc-assets-".len() + DIGITS, "{first}");
        assert_eq!(tag(), first);
        fs::write(directory.path().join("prompts/a.txt"), "changed").unwrap();
        assert_ne!(tag(), first);
        assert_eq!(Assets::default().tag("abc".to_owned()).unwrap(), "abc");
    }

    #[cfg(unix)]
    #[test]
    fn link_out_of_the_project_is_rejected() {
        let directory = project();
        std::os::unix::fs::symlink("/etc/passwd", directory.path().join("prompts/link")).unwrap();
        assert!(read(directory.path(), &["prompts"]).unwrap_err().what.contains("is a link"));
        assert!(read(directory.path(), &["missing"]).unwrap_err().what.contains("cannot read the asset missing"));
    }
}
