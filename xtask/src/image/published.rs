//! The result of publishing an image: its reference, and what was pushed.

use std::fmt;

use serde::Serialize;

/// An image in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// `<registry>/<repository>@sha256:<64 hex digits>`, which a task definition names.
    pub(crate) reference: String,
    pub(crate) digest: String,
    pub(crate) tag: String,
    /// The blobs that were pushed. `None` if the image existed.
    pub(crate) pushed: Option<Vec<Blob>>,
    pub(crate) size_bytes: u64,
    /// The builder, as `--builder` names it. `None` if the image was found without building it.
    pub(crate) builder: Option<&'static str>,
}

/// A layer or the configuration, as the registry stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Blob {
    pub(crate) digest: String,
    pub(crate) bytes: u64,
}

impl Published {
    /// Accepts an image that was pushed by other means. `None` unless `reference` is
    /// `<registry>/<repository>@sha256:<64 hex digits>`.
    pub(crate) fn existing(reference: &str) -> Option<Self> {
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

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)?;
        // 0 for an image given by reference, and for a registry that reports no size.
        if self.size_bytes > 0 {
            write!(f, ", {}", size(self.size_bytes))?;
        }
        if let Some(builder) = self.builder {
            write!(f, ", built by {builder}")?;
        }
        match self.pushed.as_ref().map(|blobs| blobs.iter().map(|blob| blob.bytes).sum::<u64>()) {
            None => write!(f, ", exists as {}", self.digest),
            Some(all) if all == self.size_bytes => write!(f, ", pushed as {}", self.digest),
            Some(part) => write!(f, ", {} of it pushed as {}", size(part), self.digest),
        }
    }
}

/// Formats bytes as `6.5 MB` or `2 kB`.
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
    fn existing_image_needs_a_digest() {
        let hex = "0123456789abcdef".repeat(4);
        let image = format!("127.0.0.1:4566/mcp-dynamodb@sha256:{hex}");
        let published = Published::existing(&image).unwrap();
        assert_eq!((published.reference, published.digest), (image, format!("sha256:{hex}")));
        for no_digest in ["host/name:tag".to_owned(), format!("name@sha256:{hex}"), format!("host/name@sha256:{hex}0")]
        {
            assert_eq!(Published::existing(&no_digest), None, "{no_digest}");
        }
    }

    fn blob(bytes: u64) -> Blob {
        Blob { digest: format!("sha256:{bytes}"), bytes }
    }

    #[test]
    fn result_fits_one_line() {
        let published = Published {
            reference: "host/name@sha256:1".to_owned(),
            digest: "sha256:1".to_owned(),
            tag: "abc".to_owned(),
            pushed: Some(vec![blob(6_000_000), blob(500_000)]),
            size_bytes: 6_500_000,
            builder: Some("native"),
        };
        assert_eq!(published.to_string(), "abc, 6.5 MB, built by native, pushed as sha256:1");
        let changed = Published { pushed: Some(vec![blob(6_000_000)]), ..published.clone() };
        assert_eq!(changed.to_string(), "abc, 6.5 MB, built by native, 6.0 MB of it pushed as sha256:1");
        let existing = Published { pushed: None, size_bytes: 0, builder: None, ..published };
        assert_eq!(existing.to_string(), "abc, exists as sha256:1");
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(4_250_000), "4.2 MB");
        assert_eq!(size(549), "1 kB");
    }
}
