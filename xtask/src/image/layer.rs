//! The layers of an image: tar archives and their compressed form. The same files give the same bytes on every
//! machine and at every time.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

use super::digest::sha256;

/// The modification time of every entry. Any constant keeps the bytes reproducible.
const TIME: u64 = 0;

/// A file in a layer. Its path starts at the root, without the leading slash.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) mode: u32,
    pub(super) bytes: &'a [u8],
}

/// A layer before compression.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    /// The digest of the archive.
    pub(super) diff_id: String,
}

/// A layer as a registry stores it: compressed.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) blob: Vec<u8>,
    /// The digest of the blob.
    pub(super) digest: String,
}

impl Archive {
    /// Archives files, ordered by path, with the directories above them.
    pub(super) fn from_files(files: &[File<'_>]) -> io::Result<Self> {
        let mut files = files.to_vec();
        files.sort_by_key(|file| file.path);
        let mut archive = tar::Builder::new(Vec::new());
        let mut directories = Vec::new();
        for file in files {
            for (end, _) in file.path.match_indices('/') {
                let directory = &file.path[..=end];
                if !directories.contains(&directory) {
                    directories.push(directory);
                    append(&mut archive, tar::EntryType::Directory, directory, 0o755, &[])?;
                }
            }
            append(&mut archive, tar::EntryType::Regular, file.path, file.mode, file.bytes)?;
        }
        Ok(Self::from_tar(archive.into_inner()?))
    }

    /// Takes an archive as it is.
    pub(super) fn from_tar(bytes: Vec<u8>) -> Self {
        Self { diff_id: sha256(&bytes), bytes }
    }

    /// Compresses the archive. Of all that a deployment computes, this takes the longest.
    pub(super) fn pack(&self) -> io::Result<Layer> {
        let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        encoder.write_all(&self.bytes)?;
        let blob = encoder.finish()?;
        Ok(Layer { digest: sha256(&blob), blob })
    }
}

fn append(
    archive: &mut tar::Builder<Vec<u8>>,
    kind: tar::EntryType,
    path: &str,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(TIME);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    archive.append(&header, bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn unpacked(layer: &Layer) -> Vec<u8> {
        let mut bytes = Vec::new();
        GzDecoder::new(layer.blob.as_slice()).read_to_end(&mut bytes).unwrap();
        bytes
    }

    const FILES: [File<'_>; 2] =
        [File { path: "b/c/file", mode: 0o644, bytes: b"text" }, File { path: "a", mode: 0o755, bytes: b"program" }];

    #[test]
    fn entries_are_sorted_and_belong_to_root() {
        let bytes = unpacked(&Archive::from_files(&FILES).unwrap().pack().unwrap());
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
                let path = entry.path().unwrap().to_str().unwrap().to_owned();
                (path, header.mode().unwrap(), header.size().unwrap(), header.entry_type().is_dir())
            })
            .collect();
        let entry = |path: &str, mode, size, directory| (path.to_owned(), mode, size, directory);
        assert_eq!(
            entries,
            [
                entry("a", 0o755, 7, false),
                entry("b/", 0o755, 0, true),
                entry("b/c/", 0o755, 0, true),
                entry("b/c/file", 0o644, 4, false)
            ]
        );
    }

    #[test]
    fn content_matters_and_order_does_not() {
        let archive = Archive::from_files(&FILES).unwrap();
        let [one, other] = FILES;
        assert_eq!(Archive::from_files(&[other, one]).unwrap().diff_id, archive.diff_id);
        assert_ne!(Archive::from_files(&[one, File { bytes: b"other", ..other }]).unwrap().diff_id, archive.diff_id);
        assert_ne!(Archive::from_files(&[one, File { mode: 0o644, ..other }]).unwrap().diff_id, archive.diff_id);
    }

    /// Other bytes here would change the digest of every image, so that each next deployment replaces its tasks.
    #[test]
    fn bytes_are_reproducible() {
        let archive = Archive::from_files(&FILES).unwrap();
        let layer = archive.pack().unwrap();
        assert_eq!(archive.diff_id, sha256(&unpacked(&layer)));
        assert_eq!(layer.digest, "sha256:4326e2c602e3980a7ae64ad533782cbd649f481a0c1555af99421f93c8fde7fc");
    }
}
