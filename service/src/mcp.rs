//! The MCP surface: revisions 2026-07-28 and 2025-03-26 to 2025-11-25, over Streamable HTTP at `/mcp` and over stdio.
//!
//! There are no protocol sessions: every request stands alone, so any replica can serve it and none is lost with a replica.
//! What persists is named by the tools' own `session_id`.

mod explain;
mod handler;
mod stdio;

use std::sync::Arc;

pub use explain::explain;
pub use handler::Handler;
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
pub use stdio::serve_stdio;

use crate::config::Limits;

/// The Streamable HTTP transport for `handler`. Host, Origin and body are checked before, for both surfaces alike, so the
/// transport's own checks are off.
pub fn service<H: ServerHandler + Clone>(handler: H, limits: &Limits) -> StreamableHttpService<H, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(limits.body_bytes);
    StreamableHttpService::new(move || Ok(handler.clone()), Arc::new(NeverSessionManager::default()), config)
}
