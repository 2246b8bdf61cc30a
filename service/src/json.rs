//! The rules of JSON that more than one module applies.

/// Returns whether a text can stand between quotation marks without escapes (RFC 8259, section 7).
///
/// Most texts can. Counting instead of searching lets the compiler check many bytes at once.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).count() == 0
}
