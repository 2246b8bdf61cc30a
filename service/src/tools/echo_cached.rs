//! `echo_cached`: converts a text to upper case once and caches the result. Demonstrates the cache that any
//! expensive tool can use.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    arguments::check_length,
    context::Context,
    definition::Effect,
    error::ToolError,
    local_cache::{Lookup, Miss},
    output::{ToolOutput, to_json},
    tool::Tool,
};
use crate::{clock::epoch_seconds, principal::Principal, store::CachedValue};

/// The time for which a result is reused.
pub const LIFETIME_SECONDS: u64 = 900;

/// The longest text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Return the text in upper case. The result is cached for 900 seconds; a cached result begins with "[cache] ".
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EchoCached {
    /// The text. At most 65536 bytes.
    text: String,
}

/// The result of `echo_cached`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Echo {
    /// The text in upper case, without the prefix.
    #[serde(rename = "text", serialize_with = "as_str")]
    #[schemars(with = "String")]
    upper: Arc<str>,
    /// True if the result came from the cache.
    cached: bool,
}

impl Tool for EchoCached {
    const NAME: &'static str = "echo_cached";
    const TITLE: Option<&'static str> = Some("Echo in upper case");
    const EFFECT: Effect = Effect::Reads;
    const KEEPS_ARGUMENTS: bool = false;
    type Output = Echo;

    async fn call(self, cx: &Context) -> Result<Echo, ToolError> {
        let text = self.text;
        check_length("text", &text, MAX_TEXT_BYTES)?;
        match cx.local_cache().look_up(&local_key(cx.principal(), &text)).await {
            Lookup::Hit(upper) => {
                cx.metrics().cache("local_hit");
                Ok(Echo { upper, cached: true })
            }
            Lookup::Failed(kind) => Err(ToolError::store("")(kind)),
            // Boxed because it is large: a hit must not carry it along.
            Lookup::Miss(miss) => Box::pin(look_up_in_table(cx, &text, miss)).await,
        }
    }

    fn render(output: Echo) -> Result<Box<dyn ToolOutput>, ToolError> {
        Ok(Box::new(output))
    }
}

/// Reads the result from the table, or computes it.
async fn look_up_in_table(cx: &Context, text: &str, miss: Miss<'_>) -> Result<Echo, ToolError> {
    let found = match cx.store().cached(cx.principal(), cx.tool(), text).await {
        Ok(found) => found,
        Err(kind) => {
            miss.fail(kind);
            return Err(ToolError::store("")(kind));
        }
    };
    let found = found.and_then(|entry| {
        Some(CachedValue { value: serde_json::from_str(&entry.value).ok()?, expires_at: entry.expires_at })
    });
    let (entry, cached) = match found {
        Some(entry) => (entry, true),
        None => (compute(cx, text).await, false),
    };
    cx.metrics().cache(if cached { "table_hit" } else { "miss" });
    Ok(Echo { upper: miss.fill(entry), cached })
}

/// Returns the key of the local cache. Principal ids have a fixed length, so two principals never share a key.
fn local_key(principal: &Principal, text: &str) -> String {
    [principal.id().unwrap_or_default(), "\0", text].concat()
}

async fn compute(cx: &Context, text: &str) -> CachedValue {
    let entry = CachedValue { value: text.to_uppercase(), expires_at: epoch_seconds() + LIFETIME_SECONDS };
    let stored = CachedValue { value: to_json(&entry.value), expires_at: entry.expires_at };
    // The result is valid even if the table rejects it, and the store has logged the reason.
    if cx.store().cache(cx.principal(), cx.tool(), text, &stored).await.is_err() {
        cx.metrics().cache("unkept");
    }
    entry
}

fn as_str<S: serde::Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[derive(Serialize)]
struct Rest<'a> {
    result: &'a str,
}

impl Echo {
    fn text(&self) -> String {
        if self.cached { ["[cache] ", &self.upper].concat() } else { self.upper.to_string() }
    }
}

impl ToolOutput for Echo {
    fn texts(&self) -> Vec<String> {
        vec![self.text()]
    }

    fn structured(self: Box<Self>) -> Value {
        json!({"text": *self.upper, "cached": self.cached})
    }

    fn rest(&self) -> String {
        to_json(&Rest { result: &self.text() })
    }
}
