//! Texts of clients in messages.

/// Truncates a name that a client sent to 64 characters, for error messages.
pub(crate) fn truncate(name: &str) -> String {
    match name.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
