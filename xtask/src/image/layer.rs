//! A layer of an image: a tar archive, and that archive compressed. The same files give the same bytes, whoever packs them,
//! where and when.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

use super::digest;

/// Any time would do, as long as it is always the same.
const TIME: u64 = 0;

/// A file to be packed, by its path from the root, without the leading slash.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) mode: u32,
    pub(super) bytes: &'a [u8],
}

/// A layer as it is unpacked.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    /// Of the bytes.
    pub(super) diff_id: String,
}

/// A layer as it lies in a registry.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) blob: Vec<u8>,
    /// Of the blob.
    pub(super) digest: String,
}

/// Files in the order of their paths, with the directories above them.
pub(super) fn of_files(files: &[File<'_>]) -> io::Result<Archive> {
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
    Ok(of_tar(archive.into_inner()?))
}

/// An archive as it is.
pub(super) fn of_tar(bytes: Vec<u8>) -> Archive {
    Archive { diff_id: digest::of(&bytes), bytes }
}

impl Archive {
    /// Compresses it. It is what a deploy computes longest.
    pub(super) fn pack(&self) -> io::Result<Layer> {
        let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        encoder.write_all(&self.bytes)?;
        let blob = encoder.finish()?;
        Ok(Layer { digest: digest::of(&blob), blob })
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
    fn entries_are_sorted_below_their_directories_and_belong_to_nobody() {
        let bytes = unpacked(&of_files(&FILES).unwrap().pack().unwrap());
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
    fn the_order_of_the_files_does_not_matter_and_their_bytes_do() {
        let archive = of_files(&FILES).unwrap();
        let [one, other] = FILES;
        assert_eq!(of_files(&[other, one]).unwrap().diff_id, archive.diff_id);
        assert_ne!(of_files(&[one, File { bytes: b"other", ..other }]).unwrap().diff_id, archive.diff_id);
        assert_ne!(of_files(&[one, File { mode: 0o644, ..other }]).unwrap().diff_id, archive.diff_id);
    }

    /// Other bytes here are other digests of images that did not change: everybody's next deployment rolls out.
    #[test]
    fn the_bytes_are_the_same_on_every_machine() {
        let archive = of_files(&FILES).unwrap();
        let layer = archive.pack().unwrap();
        assert_eq!(archive.diff_id, digest::of(&unpacked(&layer)));
        assert_eq!(layer.digest, "sha256:4326e2c602e3980a7ae64ad533782cbd649f481a0c1555af99421f93c8fde7fc");
    }
}
