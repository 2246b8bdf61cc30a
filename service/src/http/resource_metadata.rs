//! The OAuth metadata of this service (RFC 9728), by which clients find the authorization server. Needs no token.

use axum::{
    Json,
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::error_response::not_found;
use crate::config::{METADATA_PATH, OAuthConfig};

/// Returns the metadata at the well-known path, with or without the resource's own path behind it. Returns a
/// 404 if OAuth is not configured.
pub(crate) async fn document(State(oauth): State<Option<OAuthConfig>>, uri: Uri) -> Response {
    match oauth {
        Some(oauth) if uri.path() == METADATA_PATH || uri.path() == oauth.resource.metadata_path() => {
            let document = json!({
                "resource": oauth.resource.url(),
                "resource_name": "mcp-stateful",
                "authorization_servers": [oauth.issuer],
                "scopes_supported": [oauth.read_scope, oauth.write_scope],
                "bearer_methods_supported": ["header"],
            });
            Json(document).into_response()
        }
        _ => not_found(),
    }
}
