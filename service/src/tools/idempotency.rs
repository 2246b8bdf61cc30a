//! `IdempotencyKey` as an argument, and the texts that tools with one share.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::{arguments::self_explanatory, schema::NO_ARGUMENT};
use crate::store::{IdempotencyKey, MAX_KEY_BYTES};

/// The consequence of a store failure for a keyed call.
pub(crate) const UNCERTAIN: &str =
    "the call may have taken effect: call again with the same `idempotency_key` and arguments to be sure; ";

/// The argument that the digest of a call leaves out.
pub(super) const ARGUMENT: &str = "idempotency_key";

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        Self::try_from(key).map_err(self_explanatory)
    }
}

impl JsonSchema for IdempotencyKey {
    fn schema_name() -> Cow<'static, str> {
        "IdempotencyKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_KEY_BYTES,
            "description": "A unique name of this call, preferably a UUID, remembered for 24 hours. At most 255 bytes. \
                Repeating the call with the same key returns the first result and changes nothing more.",
            // Clients that strictly follow the schema can always send this.
            NO_ARGUMENT: "",
        })
    }
}
