//! The initial content of the store: the table, and one session with fifty notes in the format of the v1 (Python)
//! server, which every measured server can read. `fill.rs` adds more.

use std::error::Error;

use bench_load::work::{NOTED_SESSION, NOTES, note};
use mcp_stateful::store::embedded::Engine;
use serde_json::{Value, json};

pub(crate) const TABLE: &str = "mcp_state";

/// Creates the table and writes the notes.
pub(crate) fn seed(engine: &Engine) -> Result<(), Box<dyn Error + Send + Sync>> {
    run(
        engine,
        "CreateTable",
        &json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        }),
    )?;
    for number in 0..NOTES {
        let written = (1_700_000_000 + number).to_string();
        let item = json!({
            "pk": {"S": format!("SESSION#{NOTED_SESSION}")}, "sk": {"S": format!("NOTE#{written}")},
            "note": {"S": note(number)}, "ts": {"N": written},
        });
        run(engine, "PutItem", &json!({"TableName": TABLE, "Item": item}))?;
    }
    Ok(())
}

/// Sends a request to the engine and ignores the result.
pub(crate) fn run(engine: &Engine, operation: &str, request: &Value) -> Result<(), Box<dyn Error + Send + Sync>> {
    engine.dispatch(operation, &request.to_string())?;
    Ok(())
}
