//! `echo_cached`: converts a text to upper case once and caches the result. Demonstrates the cache that any
//! expensive tool can use.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    arguments::Arguments,
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    local_cache::{Lookup, Miss},
    output::{ToolOutput, to_json},
};
use crate::{clock::epoch_seconds, principal::Principal, store::CachedValue};

pub(super) const NAME: &str = "echo_cached";

/// The time for which a result is reused.
pub const LIFETIME_SECONDS: u64 = 900;

/// The longest text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Echo in upper case",
        description:
            "Return the text in upper case. The result is cached for 900 seconds; a cached result begins with \
            \"[cache] \"."
                .to_owned(),
        input: json!({
            "type": "object",
            "properties": {"text": {"type": "string", "description": "The text. At most 65536 bytes."}},
            "required": ["text"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "The text in upper case, without the prefix."},
                "cached": {"type": "boolean", "description": "True if the result came from the cache."}
            },
            "required": ["text", "cached"]
        }),
        effect: Effect::Reads,
    }
}

pub(super) async fn run(
    context: &Context,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn ToolOutput>, ToolError> {
    let text = arguments.bounded_string("text", MAX_TEXT_BYTES)?;
    match context.echoes.look_up(&local_key(principal, &text)).await {
        Lookup::Hit(upper) => {
            context.metrics.cache("local_hit");
            Ok(Box::new(Echo { upper, cached: true }))
        }
        Lookup::Failed(kind) => Err(ToolError::store("")(kind)),
        Lookup::Miss(miss) => Box::pin(look_up_in_table(context, principal, &text, miss)).await,
    }
}

/// Reads the result from the table, or computes it.
async fn look_up_in_table(
    context: &Context,
    principal: &Principal,
    text: &str,
    miss: Miss<'_>,
) -> Result<Box<dyn ToolOutput>, ToolError> {
    let key = json!({"text": text}).to_string();
    let found = match context.store.cached(principal, NAME, &key).await {
        Ok(found) => found,
        Err(kind) => {
            miss.fail(kind);
            return Err(ToolError::store("")(kind));
        }
    };
    let (entry, cached) = match found {
        Some(entry) => (entry, true),
        None => (compute(context, principal, text, &key).await, false),
    };
    context.metrics.cache(if cached { "table_hit" } else { "miss" });
    let upper = miss.fill(entry);
    Ok(Box::new(Echo { upper, cached }))
}

/// Returns the key of the local cache. Principal ids have a fixed length, so two principals never share a key.
fn local_key(principal: &Principal, text: &str) -> String {
    [principal.id().unwrap_or_default(), "\0", text].concat()
}

async fn compute(context: &Context, principal: &Principal, text: &str, key: &str) -> CachedValue {
    let entry = CachedValue { value: text.to_uppercase(), expires_at: epoch_seconds() + LIFETIME_SECONDS };
    // The result is valid even if the table rejects it, and the store has logged the reason.
    if context.store.cache(principal, NAME, key, &entry).await.is_err() {
        context.metrics.cache("unkept");
    }
    entry
}

#[derive(Debug)]
struct Echo {
    upper: Arc<str>,
    cached: bool,
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
