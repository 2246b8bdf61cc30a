//! `echo_cached`: upper case, computed once. It stands for any tool whose result is worth keeping.

use serde_json::json;

use super::{
    Answer, Arguments, Definition, Effect, ToolError, Tools,
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

pub(super) async fn run(tools: &Tools, principal: &Principal, mut arguments: Arguments) -> Result<Answer, ToolError> {
    let text = arguments.bounded_string("text", MAX_TEXT_BYTES)?;
    match tools.echoes.look_up(&local_key(principal, &text)).await {
        Lookup::Hit(upper) => {
            tools.metrics.cache("local_hit");
            Ok(answer(&upper, true))
        }
        Lookup::Failed(kind) => Err(ToolError::store("")(kind)),
        Lookup::Miss(miss) => Box::pin(find_out(tools, principal, &text, miss)).await,
    }
}

/// Asks the table, and computes what it does not have.
async fn find_out(tools: &Tools, principal: &Principal, text: &str, miss: Miss<'_>) -> Result<Answer, ToolError> {
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
    let answer = answer(&entry.value, cached);
    miss.fill(entry);
    Ok(answer)
}

/// An id of a principal has one length, so no text can make one principal's key another's.
fn local_key(principal: &Principal, text: &str) -> String {
    format!("{}\0{text}", principal.id().unwrap_or_default())
}

async fn compute(tools: &Tools, principal: &Principal, text: &str, key: &str) -> CachedValue {
    let entry = CachedValue { value: text.to_uppercase(), expires_at: epoch_seconds() + LIFETIME_SECONDS };
    // The result is right whether it could be kept or not; the store has logged why it could not.
    if tools.store.cache(principal, NAME, key, &entry).await.is_err() {
        tools.metrics.cache("unkept");
    }
    entry
}

fn answer(upper: &str, cached: bool) -> Answer {
    let text = if cached { format!("[cache] {upper}") } else { upper.to_owned() };
    Answer { structured: json!({"text": upper, "cached": cached}), rest: json!({"result": text}), texts: vec![text] }
}
