//! The OAuth metadata by which clients find the authorization server. Needs no token.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::error_response::not_found;
use crate::oauth::OAuth;

/// The path of the authorization server's metadata for clients of protocol version 2025-03-26.
pub(crate) const SERVER_METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

/// Returns the metadata of this service (RFC 9728) at the well-known path, with or without the resource's own path
/// behind it. Returns a 404 if OAuth is not configured.
pub(crate) async fn document(State(oauth): State<Option<Arc<OAuth>>>, uri: Uri) -> Response {
    match oauth.as_deref().map(OAuth::config) {
        Some(config) if config.resource.is_metadata_path(uri.path()) => {
            let document = json!({
                "resource": config.resource.url(),
                "resource_name": "mcp-stateful",
                "authorization_servers": [config.issuer],
                "scopes_supported": [config.read_scope, config.write_scope],
                "bearer_methods_supported": ["header"],
            });
            Json(document).into_response()
        }
        _ => not_found(),
    }
}

/// Returns a copy of the authorization server's metadata (RFC 8414). Returns a 404 if it was not discovered.
///
/// Protocol version 2025-03-26 knows no metadata of a resource. Its clients look for the authorization server on the
/// MCP server's own host: <https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization>, section
/// 2.3.2. A copy serves more of them than a redirect, which Python's httpx does not follow by default.
pub(crate) async fn server_metadata(State(oauth): State<Option<Arc<OAuth>>>) -> Response {
    match oauth.and_then(|oauth| oauth.server_metadata()) {
        Some(metadata) => Json(metadata).into_response(),
        None => not_found(),
    }
}
