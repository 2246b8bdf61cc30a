//! Content negotiation by the Accept header (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header::ACCEPT};

/// Returns true if the client accepts `media_type`, such as `application/json`.
///
/// The most specific range that matches decides. A client without an Accept header, or without a valid range in it,
/// accepts everything.
pub(crate) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut decision = None;
    let mut any_range = false;
    for range in ranges(headers) {
        any_range = true;
        let Some(specificity) = range.specificity(media_type) else { continue };
        // A tie accepts, so that a range with parameters never excludes the type without them.
        decision = decision.max(Some((specificity, range.acceptable)));
    }
    decision.map_or(!any_range, |(_, acceptable)| acceptable)
}

/// A media range. Parameters other than the weight are ignored: `application/json;charset=utf-8` means JSON.
struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// The weight is not zero.
    acceptable: bool,
}

impl MediaRange<'_> {
    /// Returns 2 for the type itself, 1 for `type/*`, 0 for `*/*`, and `None` if the range does not match.
    fn specificity(&self, media_type: &str) -> Option<u8> {
        let (kind, subtype) = media_type.split_once('/')?;
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (own, "*") if own.eq_ignore_ascii_case(kind) => Some(1),
            (own, own_sub) if own.eq_ignore_ascii_case(kind) && own_sub.eq_ignore_ascii_case(subtype) => Some(2),
            _ => None,
        }
    }
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = MediaRange<'_>> {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    lines.flat_map(|line| split_unquoted(line, ',')).filter_map(range)
}

/// Parses one range. Returns `None` for an invalid one, and for one that excludes a variant that this server does not
/// have (a parameter and the weight zero).
fn range(text: &str) -> Option<MediaRange<'_>> {
    let mut parts = split_unquoted(text, ';').map(str::trim);
    let (kind, subtype) = match parts.next()? {
        // Java's HttpURLConnection sends `*; q=.2`.
        "*" => ("*", "*"),
        essence => essence.split_once('/')?,
    };
    let (mut acceptable, mut parameters) = (true, false);
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim().eq_ignore_ascii_case("q") {
            true => acceptable = !is_zero(value.trim()),
            false => parameters = true,
        }
    }
    (!kind.is_empty() && !subtype.is_empty() && (acceptable || !parameters)).then_some(MediaRange {
        kind,
        subtype,
        acceptable,
    })
}

/// Returns true for the weight zero (section 12.4.2). An invalid weight is ignored, so it excludes nothing.
fn is_zero(weight: &str) -> bool {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    whole == "0" && fraction.len() <= 3 && fraction.bytes().all(|digit| digit == b'0')
}

/// Splits at a delimiter outside of quoted strings (section 5.6.4).
fn split_unquoted(text: &str, delimiter: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        if escaped {
            escaped = false;
        } else if quoted && character == '\\' {
            escaped = true;
        } else if character == '"' {
            quoted = !quoted;
        }
        !quoted && character == delimiter
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepted(lines: &[&str]) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        (accepts(&headers, "application/json"), accepts(&headers, "text/event-stream"))
    }

    #[test]
    fn most_specific_range_decides() {
        for (lines, expected) in [
            (&[][..], (true, true)),
            (&[""], (true, true)),
            (&[" , ,"], (true, true)),
            (&["json"], (true, true)),
            (&["*/*"], (true, true)),
            (&["*; q=.2"], (true, true)),
            (&["application/json"], (true, false)),
            (&["Application/JSON; charset=utf-8"], (true, false)),
            (&["application/*"], (true, false)),
            (&["text/event-stream"], (false, true)),
            (&["text/*;q=0.1"], (false, true)),
            (&["text/html"], (false, false)),
            (&["text/html", "application/json"], (true, false)),
            (&["text/html, application/json;q=0.001"], (true, false)),
            (&["*/*;q=0"], (false, false)),
            (&["*/*; Q=0.000"], (false, false)),
            (&["*/*;q=0.0000"], (true, true)),
            (&["application/json;q=0, */*"], (false, true)),
            (&["*/*, application/json;q=0"], (false, true)),
            (&["application/*;q=0, application/json"], (true, false)),
            (&["application/json;v=2;q=0, */*"], (true, true)),
            (&["text/html;a=\"x, application/json\""], (false, false)),
            (&["text/html;a=\"\\\", application/json\", text/event-stream"], (false, true)),
        ] {
            assert_eq!(accepted(lines), expected, "{lines:?}");
        }
    }
}
