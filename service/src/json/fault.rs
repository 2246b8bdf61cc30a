//! The reason for which a JSON text cannot be read, with its place and, of a JSON-RPC message, the id and method.
//!
//! Only a rejected body is read here, so this may parse it several times.

use std::{collections::HashSet, fmt, fmt::Write};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::UniqueValue;

/// The longest place in a message, in bytes. Keys and nesting are the client's choice.
const MAX_PLACE_BYTES: usize = 200;

/// A JSON text that cannot be read.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The kind of fault.
    pub(crate) kind: FaultKind,
    /// The path of the value, such as `params.arguments.note`. Empty for the whole text.
    pub(crate) place: String,
    /// The member `id` of the text, or null if it cannot be read.
    pub(crate) id: Value,
    /// The member `method` of the text, if it can be read.
    pub(crate) method: Option<String>,
}

/// The kinds of faults. All but the first follow JSON's grammar (RFC 8259) and its section 9 on limits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Not JSON, with the parser's reason.
    NotJson(String),
    /// An object repeats a key.
    DuplicateKey,
    /// A text contains an escaped surrogate without its other half, which no Unicode text can represent (RFC 8259,
    /// section 8.2).
    LoneSurrogate,
    /// A number beyond the range of an `f64` (RFC 8259, section 6).
    NumberTooLarge,
    /// More nested arrays and objects than the parser follows.
    TooDeep,
}

impl Fault {
    /// Finds the fault of `text`, which `error` rejected.
    pub(super) fn find(text: &[u8], error: &serde_json::Error) -> Self {
        if let Err(error) = check_grammar(text) {
            return Self { kind: FaultKind::NotJson(error), place: String::new(), id: Value::Null, method: None };
        }
        let mut path = Path::default();
        let traced = trace(text, &mut path);
        // The text of serde_json's error is the only access to its kind.
        let reason = traced.err().unwrap_or_else(|| error.to_string());
        let kind = match reason {
            _ if path.duplicate => FaultKind::DuplicateKey,
            reason if reason.starts_with("number out of range") => FaultKind::NumberTooLarge,
            reason if reason.starts_with("recursion limit") => FaultKind::TooDeep,
            reason if reason.contains("hex escape") => FaultKind::LoneSurrogate,
            reason => FaultKind::NotJson(reason),
        };
        let mut head = Head::default();
        // A head that is read in part still has what was read.
        (&mut head).deserialize(&mut serde_json::Deserializer::from_slice(text)).ok();
        let id = if head.ids == 1 { head.id } else { Value::Null };
        Self { kind, place: path.to_string(), id, method: head.method }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.place.as_str() {
            "" => "the text".to_owned(),
            place => format!("`{place}`"),
        };
        match &self.kind {
            FaultKind::NotJson(reason) => write!(f, "invalid JSON: {reason}"),
            FaultKind::DuplicateKey => write!(f, "duplicate key {place}: an object must not repeat a key"),
            FaultKind::LoneSurrogate => write!(
                f,
                "{place} contains half of a UTF-16 surrogate pair, such as a cut emoji: send complete characters"
            ),
            FaultKind::NumberTooLarge => write!(f, "{place} has a number beyond the range of 64-bit floating point"),
            FaultKind::TooDeep => f.write_str("too many nested arrays and objects: the limit is 127"),
        }
    }
}

/// Checks JSON's grammar alone. Skipping a value validates it without converting it.
fn check_grammar(text: &[u8]) -> Result<(), String> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(format!("no UTF-8 at byte {}", error.valid_up_to()));
    }
    serde_json::from_slice::<IgnoredAny>(text).map(drop).map_err(|error| error.to_string())
}

fn trace(text: &[u8], path: &mut Path) -> Result<(), String> {
    Tracer(path).deserialize(&mut serde_json::Deserializer::from_slice(text)).map_err(|error| error.to_string())
}

/// The path of the value that is read. An error leaves it at the place of the error.
#[derive(Debug, Default)]
struct Path {
    steps: Vec<Step>,
    duplicate: bool,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = String::new();
        for step in &self.steps {
            if place.len() > MAX_PLACE_BYTES {
                place.push('…');
                break;
            }
            match step {
                Step::Index(index) => write!(place, "[{index}]")?,
                Step::Key(key) if is_name(key) && place.is_empty() => place.push_str(key),
                Step::Key(key) if is_name(key) => write!(place, ".{key}")?,
                Step::Key(key) => write!(place, "[{:?}]", crate::text::truncate(key))?,
            }
        }
        f.write_str(&place)
    }
}

/// Returns whether a key reads without quotation marks.
fn is_name(key: &str) -> bool {
    (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Reads a value as the server does, and keeps its path.
struct Tracer<'a>(&'a mut Path);

impl<'de> DeserializeSeed<'de> for Tracer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tracer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.0.steps.push(Step::Index(index));
            let element = elements.next_element_seed(Tracer(self.0))?;
            self.0.steps.pop();
            if element.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.0.steps.push(Step::Key(key.clone()));
            if !seen.insert(key) {
                self.0.duplicate = true;
                return Err(A::Error::custom("duplicate key"));
            }
            entries.next_value_seed(Tracer(self.0))?;
            self.0.steps.pop();
        }
        Ok(())
    }
}

/// The members of a JSON-RPC message that identify it. Other members are skipped without conversion.
#[derive(Debug, Default)]
struct Head {
    id: Value,
    ids: usize,
    method: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Head {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Head {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<Key>()? {
            match key {
                Key::Id => {
                    self.ids += 1;
                    self.id = entries.next_value::<UniqueValue>()?.0;
                }
                Key::Method => self.method = Some(entries.next_value()?),
                Key::Other => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A key as bytes, which may be half of a surrogate pair.
enum Key {
    Id,
    Method,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_bytes<E>(self, key: &[u8]) -> Result<Key, E> {
                Ok(match key {
                    b"id" => Key::Id,
                    b"method" => Key::Method,
                    _ => Key::Other,
                })
            }
        }

        deserializer.deserialize_bytes(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> Fault {
        super::super::read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn fault_has_its_kind_place_and_id() {
        let call = |params: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
        let deep = call(&("[".repeat(200) + &"]".repeat(200)));
        for (text, kind, place, id) in [
            (call(r#"{"arguments":{"note":"a\ud83d"}}"#), FaultKind::LoneSurrogate, "params.arguments.note", json!(7)),
            (
                call(r#"{"arguments":{"note":"\udc00\ud83d"}}"#),
                FaultKind::LoneSurrogate,
                "params.arguments.note",
                json!(7),
            ),
            (call(r#"{"list":[1,{"a b":"\ud83dx"}]}"#), FaultKind::LoneSurrogate, r#"params.list[1]["a b"]"#, json!(7)),
            (call(r#"{"\ud83d":1}"#), FaultKind::LoneSurrogate, "params", json!(7)),
            (call(r#"{"limit":1e400}"#), FaultKind::NumberTooLarge, "params.limit", json!(7)),
            (call(r#"{"a":{"b":1,"\u0062":2}}"#), FaultKind::DuplicateKey, "params.a.b", json!(7)),
            (deep, FaultKind::TooDeep, "", json!(7)),
            (r#"{"id":"x","method":"ping","method":"ping"}"#.into(), FaultKind::DuplicateKey, "method", json!("x")),
            (r#"{"id":1,"id":2}"#.into(), FaultKind::DuplicateKey, "id", json!(null)),
            (r#"[{"id":1},{"id":2,"id":3}]"#.into(), FaultKind::DuplicateKey, "[1].id", json!(null)),
            (r#"{"\ud83d":1,"id":5}"#.into(), FaultKind::LoneSurrogate, "", json!(5)),
        ] {
            let fault = fault(&text);
            assert_eq!((&fault.kind, &fault.id), (&kind, &id), "{text}: {fault}");
            if kind != FaultKind::TooDeep {
                assert_eq!(fault.place, place, "{text}: {fault}");
            }
            assert!(fault.to_string().len() < 400, "{fault}");
        }
    }

    #[test]
    fn text_outside_the_grammar_is_not_json() {
        for text in ["", "{", "{\"a\":1,}", "\u{feff}{}", "{\"a\":\"\u{1}\"}", "01", "\"\\x\"", "{} {}"] {
            assert!(matches!(fault(text).kind, FaultKind::NotJson(_)), "{text:?}: {}", fault(text));
        }
        assert!(matches!(super::super::read(b"{\"a\":\"\xff\"}").unwrap_err().kind, FaultKind::NotJson(_)));
    }
}
