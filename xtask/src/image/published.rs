//! What came of it: which image is in the registry, and how it came there.

use std::fmt;

use serde::Serialize;

/// What is in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The repository's address and the digest: what a task is given.
    pub(crate) reference: String,
    pub(crate) digest: String,
    pub(crate) tag: String,
    /// What of it had to be pushed; nothing, if the image was there.
    pub(crate) pushed: Option<Vec<Blob>>,
    pub(crate) size_bytes: u64,
    /// What built it, in the words of `--builder`; nothing, if it was there.
    pub(crate) builder: Option<&'static str>,
}

/// A layer or the configuration, as it lies in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Blob {
    pub(crate) digest: String,
    pub(crate) bytes: u64,
}

impl Delivered {
    /// An image that somebody else pushed, by `<registry>/<repository>@sha256:<64 hex digits>`.
    pub(crate) fn elsewhere(reference: &str) -> Option<Self> {
        let (repository, digest) = reference.split_once('@')?;
        let hex = digest.strip_prefix("sha256:")?;
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if !repository.contains('/') || hex.len() != 64 || !hex.chars().all(is_hex) {
            return None;
        }
        Some(Self {
            reference: reference.to_owned(),
            digest: digest.to_owned(),
            tag: "given".to_owned(),
            pushed: None,
            size_bytes: 0,
            builder: None,
        })
    }
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)?;
        // Not every registry says.
        if self.size_bytes > 0 {
            write!(f, ", {}", size(self.size_bytes))?;
        }
        if let Some(builder) = self.builder {
            write!(f, ", built by {builder}")?;
        }
        match self.pushed.as_ref().map(|blobs| blobs.iter().map(|blob| blob.bytes).sum::<u64>()) {
            None => write!(f, ", is there already as {}", self.digest),
            Some(all) if all == self.size_bytes => write!(f, ", pushed as {}", self.digest),
            Some(part) => write!(f, ", {} of it pushed as {}", size(part), self.digest),
        }
    }
}

/// `6.5 MB`, or `2 kB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_given_by_its_digest() {
        let hex = "0123456789abcdef".repeat(4);
        let image = format!("127.0.0.1:4566/mcp-dynamodb@sha256:{hex}");
        let delivered = Delivered::elsewhere(&image).unwrap();
        assert_eq!((delivered.reference, delivered.digest), (image, format!("sha256:{hex}")));
        for no_digest in ["host/name:tag".to_owned(), format!("name@sha256:{hex}"), format!("host/name@sha256:{hex}0")]
        {
            assert_eq!(Delivered::elsewhere(&no_digest), None, "{no_digest}");
        }
    }

    fn blob(bytes: u64) -> Blob {
        Blob { digest: format!("sha256:{bytes}"), bytes }
    }

    #[test]
    fn what_came_of_it_is_told_in_one_line() {
        let delivered = Delivered {
            reference: "host/name@sha256:1".to_owned(),
            digest: "sha256:1".to_owned(),
            tag: "abc".to_owned(),
            pushed: Some(vec![blob(6_000_000), blob(500_000)]),
            size_bytes: 6_500_000,
            builder: Some("native"),
        };
        assert_eq!(delivered.to_string(), "abc, 6.5 MB, built by native, pushed as sha256:1");
        let changed = Delivered { pushed: Some(vec![blob(6_000_000)]), ..delivered.clone() };
        assert_eq!(changed.to_string(), "abc, 6.5 MB, built by native, 6.0 MB of it pushed as sha256:1");
        let there = Delivered { pushed: None, size_bytes: 0, builder: None, ..delivered };
        assert_eq!(there.to_string(), "abc, is there already as sha256:1");
    }

    #[test]
    fn sizes_are_decimal_as_registries_count() {
        assert_eq!(size(4_250_000), "4.2 MB");
        assert_eq!(size(549), "1 kB");
    }
}
