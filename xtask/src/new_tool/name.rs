//! The name of a new tool, which is also the name of its module.

use std::{fmt, str::FromStr};

/// The longest name that clients accept.
const LONGEST: usize = 64;

/// Rust's keywords in lower case, those that are reserved included.
/// <https://doc.rust-lang.org/reference/keywords.html>
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union",
];

/// Names whose type or module would hide one that a tool's file or a program uses.
const HIDING: [&str; 22] = [
    "alloc",
    "context",
    "core",
    "deserialize",
    "effect",
    "idempotency_key",
    "json_schema",
    "main",
    "option",
    "principal",
    "result",
    "schemars",
    "send",
    "serialize",
    "server",
    "server_error",
    "session",
    "session_id",
    "std",
    "string",
    "tests",
    "tool",
];

/// A valid name: lower-case letters, digits and single underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolName(String);

impl ToolName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of the tool's type, such as `CountWords`.
    pub(super) fn type_name(&self) -> String {
        self.0.split('_').map(capitalized).collect()
    }
}

pub(super) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ToolName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let fits = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        // Two underscores in a row or at the end vanish from the type's name, so two tools could share it.
        let is_camel = !name.contains("__") && !name.ends_with('_');
        if !starts_well || !fits || !is_camel || name.len() > LONGEST {
            return Err(format!(
                "expected a lower-case letter, then lower-case letters, digits and single underscores, at most {LONGEST} \
                 characters, such as count_words"
            ));
        }
        if KEYWORDS.contains(&name) {
            return Err("it is a keyword of Rust; add a word, such as in count_words".to_owned());
        }
        if HIDING.contains(&name) {
            return Err("its type would hide one that every tool uses; add a word, such as in count_words".to_owned());
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_a_module_and_a_type() {
        for bad in
            ["", "Count", "1st", "_a", "a_", "a__b", "a-b", "a b", "ä", "match", "gen", "tool", "a/b", &"a".repeat(65)]
        {
            assert!(bad.parse::<ToolName>().is_err(), "{bad:?}");
        }
        for (good, type_name) in [("count_words", "CountWords"), ("a1", "A1"), ("add_2_numbers", "Add2Numbers")] {
            assert_eq!(good.parse::<ToolName>().unwrap().type_name(), type_name);
        }
    }
}
