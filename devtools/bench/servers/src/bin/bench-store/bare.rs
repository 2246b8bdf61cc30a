//! One call of the unmodified AWS SDK for each request, behind axum: puts a note, or queries fifty.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
    types::AttributeValue,
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Serves `/mcp/call_tool` for `add_note` and `get_notes`.
pub(crate) fn router(endpoint: &str) -> Router {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint);
    Router::new().route("/mcp/call_tool", post(call)).with_state(Client::from_conf(config.build()))
}

async fn call(State(client): State<Client>, Json(call): Json<Value>) -> Response {
    let session = call["arguments"]["session_id"].as_str().unwrap_or_default();
    let result = match call["arguments"]["note"].as_str() {
        Some(note) => put(&client, session, note).await,
        None => query(&client, session).await,
    };
    match result {
        Ok(result) => Json(json!({"result": result})).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn put(client: &Client, session: &str, note: &str) -> Result<Value, aws_sdk_dynamodb::Error> {
    let sk = format!("NOTE#bare#{}", WRITTEN.fetch_add(1, Ordering::Relaxed));
    let put = client.put_item().table_name("mcp_state").item("pk", text(format!("SESSION#{session}")));
    put.item("sk", text(sk)).item("note", text(note.to_owned())).send().await?;
    Ok(json!(format!("Note added to {session}.")))
}

async fn query(client: &Client, session: &str) -> Result<Value, aws_sdk_dynamodb::Error> {
    let query = client.query().table_name("mcp_state").consistent_read(true);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :note)");
    let query = query.projection_expression("note").expression_attribute_values(":note", text("NOTE#".to_owned()));
    let found = query.expression_attribute_values(":pk", text(format!("SESSION#{session}"))).send().await?;
    let notes = found.items().iter().filter_map(|item| item.get("note")?.as_s().ok());
    Ok(notes.map(String::as_str).collect())
}

fn text(value: String) -> AttributeValue {
    AttributeValue::S(value)
}
