//! `mcp-stateful`: a stateful MCP server. It keeps session notes and a tool cache in one DynamoDB table, and serves
//! tools of other crates.
//!
//! A server with a tool of its own:
//!
//! ```no_run
//! use mcp_stateful::prelude::*;
//!
//! /// Counts the words of a text.
//! #[derive(Deserialize, JsonSchema)]
//! struct CountWords {
//!     /// The text.
//!     text: String,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct WordCount {
//!     words: usize,
//! }
//!
//! impl Tool for CountWords {
//!     const NAME: &'static str = "count_words";
//!     const EFFECT: Effect = Effect::Reads;
//!     type Output = WordCount;
//!
//!     async fn call(self, _: &Context) -> Result<WordCount, ToolError> {
//!         Ok(WordCount { words: self.text.split_whitespace().count() })
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), ServerError> {
//!     Server::from_env()?.tool::<CountWords>().run().await
//! }
//! ```
//!
//! A request passes [`app`] (counting, Host and Origin, routes) → [`http`] (admission: authentication and
//! limits) → [`mcp`] or [`rest`] (the two APIs) → [`tools`] (the meaning of a call) → [`store`] (the only
//! access to the table).

pub mod app;
pub mod aws;
mod capacity;
pub mod cli;
pub mod clock;
pub mod config;
pub mod healthcheck;
mod host;
pub mod http;
mod json;
pub mod mcp;
pub mod new_token;
pub mod oauth;
pub mod prelude;
pub mod principal;
pub mod process;
pub mod rest;
pub mod serve;
mod server;
pub mod session;
pub mod state;
pub mod store;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
pub mod tools;

/// The HTTP client's types, for requests of [`tools::Context::http`].
pub use reqwest;
/// MCP's types for resources and prompts, from rmcp.
pub use rmcp::model;
pub use server::{Server, ServerError};

/// The Rust blocks of pages for tool authors are doc tests.
#[cfg(all(doctest, feature = "testing"))]
mod pages {
    #[doc = include_str!("../../docs/your-tools.md")]
    struct YourTools;
    #[doc = include_str!("../../README.md")]
    struct Readme;
}
