//! The type of a state, its versions, and the way from stored JSON to a value and back.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::merge::merge;
use crate::store::{NewValue, StateProblem, StoredValue};

/// The error of [`State::migrate`].
pub type MigrationError = Box<dyn std::error::Error + Send + Sync>;

/// A type whose value is kept for a session or a principal.
///
/// A new field with `#[serde(default)]` needs nothing else: fields that a binary does not know survive its writes, so
/// old and new binaries share the value while a release rolls out.
///
/// A change that older binaries cannot read takes two releases, so that each can be rolled back:
///
/// 1. The first still writes the old version and reads both: `VERSION = 1`, `READS = 2`, and `migrate` converts version
///    2 to the old form.
/// 2. The second writes the new version: `VERSION = 2`, and `migrate` converts version 1 to the new form.
///
/// A binary that meets a version above its `READS` changes nothing, and answers with an error that is worth repeating.
///
/// ```
/// use mcp_stateful::state::{MigrationError, State};
/// use serde::{Deserialize, Serialize};
/// use serde_json::Value;
///
/// #[derive(Serialize, Deserialize, Default)]
/// struct Profile {
///     first: String,
///     last: String,
/// }
///
/// impl State for Profile {
///     const NAME: &'static str = "profile";
///     const VERSION: u32 = 2;
///
///     /// Version 1 had one `name`.
///     fn migrate(_: u32, mut value: Value) -> Result<Value, MigrationError> {
///         let name = value["name"].as_str().ok_or("no name")?.to_owned();
///         let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
///         value["first"] = first.into();
///         value["last"] = last.into();
///         value.as_object_mut().ok_or("no object")?.remove("name");
///         Ok(value)
///     }
/// }
/// ```
pub trait State: Serialize + DeserializeOwned + Default + Send {
    /// The name, shared by all tools that use the state: 1 to 64 of the characters `A-Z a-z 0-9 _ . -`.
    const NAME: &'static str;

    /// The version that this type writes.
    const VERSION: u32 = 1;

    /// The newest version that this type reads.
    const READS: u32 = Self::VERSION;

    /// Converts a stored value of another version to the form of this type. By default the form is the same.
    ///
    /// # Errors
    /// Any error if the value cannot be converted. It is then not changed.
    fn migrate(version: u32, value: Value) -> Result<Value, MigrationError> {
        let _ = version;
        Ok(value)
    }
}

/// A stored value in its type, with what is needed to write it back.
pub(super) struct Loaded<T> {
    pub(super) value: T,
    /// The stored value in the form of this type. `Null` if there is none.
    stored: Value,
    /// The value as this type encodes it, before it was changed.
    known: Value,
    /// True if the stored value has the version that this type writes.
    is_current: bool,
}

impl<T: State> Loaded<T> {
    /// Decodes a stored value. An absent one is the default.
    pub(super) fn new(stored: Option<&StoredValue>) -> Result<Self, StateProblem> {
        let Some(stored) = stored else {
            let value = T::default();
            return Ok(Self { known: encode(&value)?, value, stored: Value::Null, is_current: true });
        };
        let version = stored.version;
        if version > T::READS {
            return Err(StateProblem::Newer { stored: version, readable: T::READS });
        }
        let undecodable = |error: &dyn std::fmt::Display| StateProblem::Undecodable(error.to_string());
        let mut json = serde_json::from_str(&stored.json).map_err(|error| undecodable(&error))?;
        if version != T::VERSION {
            json = T::migrate(version, json)
                .map_err(|error| undecodable(&format_args!("migration from version {version}: {error}")))?;
        }
        let value = decode::<T>(&json)?;
        Ok(Self { known: encode(&value)?, value, stored: json, is_current: version == T::VERSION })
    }

    /// Encodes the value, together with the fields that this type does not know.
    pub(super) fn into_change(self) -> Result<NewValue, StateProblem> {
        let new = encode(&self.value)?;
        if new == self.known && self.is_current {
            return Ok(NewValue::Keep);
        }
        let decodes_to = |candidate: &Value| decode::<T>(candidate).and_then(|value| encode(&value)).ok();
        let merged = merge(self.stored, &self.known, new, decodes_to);
        Ok(NewValue::Put(StoredValue { version: T::VERSION, json: merged.to_string() }))
    }
}

/// Decodes a value. The error names the field.
fn decode<T: DeserializeOwned>(json: &Value) -> Result<T, StateProblem> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.inner().to_string());
        StateProblem::Undecodable(if path == "." { inner } else { format!("field `{path}`: {inner}") })
    })
}

fn encode(value: &impl Serialize) -> Result<Value, StateProblem> {
    serde_json::to_value(value).map_err(|error| StateProblem::Unencodable(error.to_string()))
}
