//! A server with a tool beside the built-in ones.

use mcp_stateful::prelude::*;

/// Counts the words of a text.
#[derive(Deserialize, JsonSchema)]
struct CountWords {
    /// The text.
    text: String,
}

/// The result of `count_words`.
#[derive(Serialize, JsonSchema)]
struct Words {
    words: usize,
}

impl Tool for CountWords {
    const NAME: &'static str = "count_words";
    const EFFECT: Effect = Effect::Reads;
    type Output = Words;

    async fn call(self, _: &Context) -> Result<Words, ToolError> {
        Ok(Words { words: self.text.split_whitespace().count() })
    }
}

#[tokio::main]
async fn main() -> Result<(), ServerError> {
    Server::from_env()?.name("counter").version(env!("CARGO_PKG_VERSION")).tool::<CountWords>().run().await
}
