//! URI templates of resources (RFC 6570, levels 1 and 2): literal text, `{name}` for one path segment, and
//! `{+name}` for the rest of a path.

use std::collections::BTreeMap;

/// A parsed template.
#[derive(Debug)]
pub(super) struct UriTemplate(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable { name: String, spans_segments: bool },
}

impl UriTemplate {
    /// Parses a template. Returns `None` for one of a higher level, and for two variables side by side.
    pub(super) fn parse(template: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            } else if matches!(parts.last(), Some(Part::Variable { .. })) {
                return None;
            }
            let (expression, after) = after.split_once('}')?;
            let (name, spans_segments) = match expression.strip_prefix('+') {
                Some(name) => (name, true),
                None => (expression, false),
            };
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return None;
            }
            parts.push(Part::Variable { name: name.to_owned(), spans_segments });
            rest = after;
        }
        if rest.contains('}') {
            return None;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Some(Self(parts))
    }

    /// Returns the decoded variables of a URI that the template expands to.
    pub(super) fn variables(&self, uri: &str) -> Option<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        matches(&self.0, uri, &mut variables).then_some(variables)
    }
}

fn matches(parts: &[Part], uri: &str, variables: &mut BTreeMap<String, String>) -> bool {
    match parts.split_first() {
        None => uri.is_empty(),
        Some((Part::Literal(text), rest)) => {
            uri.strip_prefix(text.as_str()).is_some_and(|uri| matches(rest, uri, variables))
        }
        Some((Part::Variable { name, spans_segments }, rest)) => {
            let end = if *spans_segments { uri.len() } else { uri.find('/').unwrap_or(uri.len()) };
            let end = match rest {
                [] => end,
                [Part::Literal(next), ..] => match uri.get(1..).and_then(|after| after.find(next.as_str())) {
                    Some(place) if place < end => place + 1,
                    _ => return false,
                },
                _ => return false,
            };
            let Some(value) = uri.get(..end).filter(|value| !value.is_empty()).and_then(decode) else { return false };
            variables.insert(name.clone(), value);
            matches(rest, &uri[end..], variables)
        }
    }
}

/// Decodes percent encoding (RFC 3986, section 2.1). Returns `None` if the text is malformed or not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        Some(UriTemplate::parse(template)?.variables(uri)?.into_iter().collect())
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Option<Vec<(String, String)>> {
        Some(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn variables_are_found_and_decoded() {
        for (template, uri, expected) in [
            ("shop://carts/{id}", "shop://carts/a%20b", pairs([("id", "a b")])),
            ("shop://{shop}/items/{id}/data", "shop://one/items/7/data", pairs([("id", "7"), ("shop", "one")])),
            ("file:///{+path}", "file:///a/b.txt", pairs([("path", "a/b.txt")])),
            ("a://{x}.{y}", "a://1.2", pairs([("x", "1"), ("y", "2")])),
            ("a://b", "a://b", pairs([])),
            ("shop://carts/{id}", "shop://carts/", None),
            ("shop://carts/{id}", "shop://carts/a/b", None),
            ("shop://carts/{id}/x", "shop://carts/a/b/x", None),
            ("shop://carts/{id}", "shop://carts/%f", None),
            ("shop://carts/{id}", "shop://carts/%ff", None),
            ("shop://carts/{id}", "other://carts/a", None),
        ] {
            assert_eq!(variables(template, uri), expected, "{template} {uri}");
        }
    }

    #[test]
    fn template_of_a_higher_level_is_invalid() {
        for template in ["a://{?query}", "a://{x}{y}", "a://{", "a://{}", "a://}", "a://{x,y}", "a://{x*}"] {
            assert!(UriTemplate::parse(template).is_none(), "{template}");
        }
    }
}
