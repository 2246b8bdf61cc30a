//! What JSON wants of a text.

/// Whether a text stands between quotes as it is, with nothing to escape (RFC 8259, section 7). Most do, and the processor
/// finds that out many bytes at a time.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).count() == 0
}
