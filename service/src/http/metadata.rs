//! What a client needs to know to get an access token for this service (RFC 9728): open to everybody.

use axum::{
    Json,
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::answers;
use crate::config::{METADATA_PATH, OAuthConfig};

/// Answers at the well-known path, alone and with the resource's own path behind it; 404 where OAuth is no way in.
pub(super) async fn document(State(oauth): State<Option<OAuthConfig>>, uri: Uri) -> Response {
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
        _ => answers::not_found(),
    }
}
