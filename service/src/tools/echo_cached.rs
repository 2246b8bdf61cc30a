//! `echo_cached`: upper case, computed once. It stands for any tool whose result is worth keeping.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Answer, Arguments, Definition, Effect, ToolError, Tools,
    answer::json_text,
    local_cache::{Lookup, Miss},
};
use crate::{clock::epoch_seconds, principal::Principal, store::CachedValue};

pub(super) const NAME: &str = "echo_cached";

/// How long a result is used again.
pub const LIFETIME_SECONDS: u64 = 900;

/// The longest text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Echo in upper case",
        description: "Return the text in upper case. The result is cached for 900 seconds; an answer from the \
            cache begins with \"[cache] \"."
            .to_owned(),
        input: json!({
            "type": "object",
            "properties": {"text": {"type": "string", "description": "The text. At most 65536 bytes."}},
            "required": ["text"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "The text in upper case, without a mark."},
                "cached": {"type": "boolean", "description": "Whether it came from the cache."}
            },
            "required": ["text", "cached"]
        }),
        effect: Effect::Reads,
    }
}

pub(super) async fn run(
    tools: &Tools,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn Answer>, ToolError> {
    let text = arguments.bounded_string("text", MAX_TEXT_BYTES)?;
    match tools.echoes.look_up(&local_key(principal, &text)).await {
        Lookup::Hit(upper) => {
            tools.metrics.cache("local_hit");
            Ok(Box::new(Echo { upper, cached: true }))
        }
        Lookup::Failed(kind) => Err(ToolError::store("")(kind)),
        Lookup::Miss(miss) => Box::pin(find_out(tools, principal, &text, miss)).await,
    }
}

/// Asks the table, and computes what it does not have.
async fn find_out(
    tools: &Tools,
    principal: &Principal,
    text: &str,
    miss: Miss<'_>,
) -> Result<Box<dyn Answer>, ToolError> {
    let key = json!({"text": text}).to_string();
    let found = match tools.store.cached(principal, NAME, &key).await {
        Ok(found) => found,
        Err(kind) => {
            miss.fail(kind);
            return Err(ToolError::store("")(kind));
        }
    };
    let (entry, cached) = match found {
        Some(entry) => (entry, true),
        None => (compute(tools, principal, text, &key).await, false),
    };
    tools.metrics.cache(if cached { "table_hit" } else { "miss" });
    let upper = miss.fill(entry);
    Ok(Box::new(Echo { upper, cached }))
}

/// An id of a principal has one length, so no text can make one principal's key another's.
fn local_key(principal: &Principal, text: &str) -> String {
    [principal.id().unwrap_or_default(), "\0", text].concat()
}

async fn compute(tools: &Tools, principal: &Principal, text: &str, key: &str) -> CachedValue {
    let entry = CachedValue { value: text.to_uppercase(), expires_at: epoch_seconds() + LIFETIME_SECONDS };
    // The result is right whether it could be kept or not; the store has logged why it could not.
    if tools.store.cache(principal, NAME, key, &entry).await.is_err() {
        tools.metrics.cache("unkept");
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

impl Answer for Echo {
    fn texts(&self) -> Vec<String> {
        vec![self.text()]
    }

    fn structured(self: Box<Self>) -> Value {
        json!({"text": *self.upper, "cached": self.cached})
    }

    fn rest(&self) -> String {
        json_text(&Rest { result: &self.text() })
    }
}
