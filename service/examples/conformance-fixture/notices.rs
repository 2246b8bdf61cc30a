//! The tools that tell the client something while they work: progress and log messages.

use std::time::Duration;

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResponse, CallToolResult, ContentBlock, ProgressNotificationParam, ServerNotification},
    service::RequestContext,
};
use serde_json::json;

/// What the suite asks for between two notices.
const PAUSE: Duration = Duration::from_millis(50);

/// Three log messages.
pub(crate) async fn log_three(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    for text in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        log(context, text).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(done())
}

/// A log message if the request's `_meta` has a level for it, and else none.
pub(crate) async fn log_if_asked(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    if context.meta.log_level().is_some() {
        log(context, "a level was given").await?;
    }
    Ok(done())
}

/// 0, 50 and 100 of 100, for a client that gave a token for them.
pub(crate) async fn report_progress(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    for progress in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(token, progress).with_total(100.0);
            context.peer.notify_progress(progress).await.map_err(|error| internal(&error))?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(done())
}

/// Made of JSON: rmcp's types for it are deprecated, as log messages are.
async fn log(context: &RequestContext<RoleServer>, text: &str) -> Result<(), ErrorData> {
    let params = json!({"level": "info", "logger": "conformance-fixture", "data": text});
    let notification = json!({"method": "notifications/message", "params": params});
    let notification: ServerNotification = serde_json::from_value(notification).map_err(|error| internal(&error))?;
    context.peer.send_notification(notification).await.map_err(|error| internal(&error))
}

fn done() -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text("done")]).into()
}

fn internal(error: &dyn std::error::Error) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
