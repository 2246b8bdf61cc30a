//! A harness for tests of tools: servers on a store in memory, real clients, and faults of the store on demand.
//!
//! ```
//! use mcp_stateful::{prelude::*, testing::{Fault, TestServer}};
//! use serde_json::json;
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
//! # #[tokio::main]
//! # async fn main() {
//! let server = TestServer::builder().tool::<CountWords>().start().await;
//!
//! // Over MCP, as the shared principal.
//! let counted = server.call("count_words", json!({"text": "one two"})).await;
//! assert_eq!(counted, Ok(json!({"words": 2})));
//!
//! // Over REST, as alice.
//! let alice = server.as_principal("alice").rest();
//! let refused = alice.call("count_words", json!({"text": 2})).await.unwrap_err();
//! assert!(refused.to_string().contains("`text`"));
//!
//! // The table rejects the next two requests, and the call succeeds all the same.
//! server.faults().next(2, Fault::Throttle);
//! let note = json!({"session_id": "demo", "note": "kept"});
//! assert!(server.call("add_note", note).await.is_ok());
//! assert_eq!(server.faults().struck(), 2);
//! # }
//! ```
//!
//! The servers are complete: they listen on sockets of loopback, authenticate their callers, and differ from a deployed
//! server in their table only. Each replica has a runtime of its own, so killing one ends its calls wherever they are.

#![expect(clippy::expect_used, clippy::panic, reason = "used in tests only, where a panic is the report")]

mod client;
mod concurrent;
mod endpoint;
mod fault;
mod http;
mod principals;
mod replica;
mod server;
mod table;

pub use client::{CallError, Response, TestClient};
pub use concurrent::Outcomes;
pub use endpoint::TableEndpoint;
pub use fault::{Fault, Faults};
pub use server::{Builder, TestServer};
pub use table::TestTable;
