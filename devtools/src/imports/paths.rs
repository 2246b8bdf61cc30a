//! The paths in a Rust file that begin with `crate`, `super` or `self`, read from its text.

/// Returns each path, one for every leaf of a `use` tree, with the number of its line.
pub(super) fn paths(text: &str) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(without_tests(text));
    let mut reader = Reader { tokens: &tokens, at: 0, line: 1 };
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        if token == "::" {
            // The path has another beginning, such as `other::self`.
            reader.next_if(is_start);
        } else if is_start(&token) && reader.peek() == Some("::") {
            reader.tree(vec![token], &mut found);
        }
    }
    found
}

fn is_start(token: &str) -> bool {
    matches!(token, "crate" | "super" | "self")
}

/// The part of a file before its `#[cfg(test)] mod tests {`, which ends it.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |end| &text[..end])
}

/// Walks over tokens and counts lines.
struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    fn skip_newlines(&mut self) {
        while self.tokens.get(self.at).is_some_and(|token| token == "\n") {
            self.at += 1;
            self.line += 1;
        }
    }

    fn peek(&mut self) -> Option<&str> {
        self.skip_newlines();
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<String> {
        let token = self.peek()?.to_owned();
        self.at += 1;
        Some(token)
    }

    fn next_if(&mut self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        if self.peek().is_some_and(wanted) { self.next() } else { None }
    }

    /// Reads what follows a path's beginning, and adds every complete path.
    fn tree(&mut self, mut path: Vec<String>, found: &mut Vec<(usize, Vec<String>)>) {
        let line = self.line;
        while self.next_if(|token| token == "::").is_some() {
            if self.next_if(|token| token == "{").is_some() {
                while let Some(name) = self.next_if(|token| token != "}") {
                    if is_name(&name) {
                        self.tree([path.clone(), vec![name]].concat(), found);
                        // Behind `as` stands a name that leads nowhere.
                        if self.next_if(|token| token == "as").is_some() {
                            self.next_if(is_name);
                        }
                    }
                }
                self.next_if(|token| token == "}");
                return;
            }
            match self.next_if(is_name) {
                Some(name) => path.push(name),
                None => break,
            }
        }
        found.push((line, path));
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Splits code into names, `::`, line ends and other characters. Comments and the contents of literals are left out.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' || rest.starts_with("r\"") || rest.starts_with("r#\"") {
            let length = string_length(rest);
            tokens.extend(rest[..length].matches('\n').map(str::to_owned));
            length
        } else if first == '\'' {
            character_length(rest)
        } else if is_name(rest) {
            let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if first == '\n' || !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a string literal, raw or not.
fn string_length(rest: &str) -> usize {
    for (start, end) in [("r#\"", "\"#"), ("r\"", "\"")] {
        if let Some(content) = rest.strip_prefix(start) {
            return content.find(end).map_or(rest.len(), |at| start.len() + at + end.len());
        }
    }
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal, or of the quote that begins a lifetime.
fn character_length(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            rest[at + escaped.len_utf8()..].find('\'').map_or(1, |end| at + 1 + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Vec<String> {
        paths(text).iter().map(|(line, path)| format!("{line} {}", path.join("::"))).collect()
    }

    #[test]
    fn use_trees_have_a_path_for_each_leaf() {
        let text = "use crate::{\n    a::{self, B as C},\n    d,\n};\npub(crate) use super::e::*;\nuse other::self::x;";
        assert_eq!(joined(text), ["2 crate::a::self", "2 crate::a::B", "3 crate::d", "5 super::e"]);
    }

    #[test]
    fn paths_in_code_count_and_those_in_comments_and_strings_do_not() {
        let text =
            "// crate::a\nfn f<'a>() { let x = \"crate::b\n\"; crate::c::d('\"', '\\''); self.e(); super::super::f() }";
        assert_eq!(joined(text), ["3 crate::c::d", "3 super::super::f"]);
    }

    #[test]
    fn tests_are_left_out() {
        assert_eq!(joined("use crate::a;\n#[cfg(test)]\nmod tests {\n use crate::b;\n}"), ["1 crate::a"]);
    }
}
