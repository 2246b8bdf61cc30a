//! `echo_cached`: converts a text to upper case once and caches the result. Demonstrates the cache that any
//! expensive tool can use.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    arguments::check_length,
    context::Context,
    definition::Effect,
    error::ToolError,
    output::{ToolOutput, to_json},
    tool::Tool,
};

/// The time for which a result is reused.
pub const LIFETIME_SECONDS: u64 = 900;

/// The longest text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The arguments of `echo_cached`. Their description is not a doc comment, in which `[cache]` would be a link.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(
    description = "Return the text in upper case. The result is cached for 900 seconds; a cached result begins with \"[cache] \"."
)]
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
    upper: Arc<String>,
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
        let upper = cx.cached(&text, Duration::from_secs(LIFETIME_SECONDS), async { Ok(text.to_uppercase()) }).await?;
        Ok(Echo { upper: upper.value, cached: upper.hit })
    }

    fn render(output: Echo) -> Result<Box<dyn ToolOutput>, ToolError> {
        Ok(Box::new(output))
    }
}

fn as_str<S: serde::Serializer>(text: &Arc<String>, serializer: S) -> Result<S::Ok, S::Error> {
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
