//! The tools that send notifications during their call: progress and log messages.

use std::time::Duration;

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResponse, CallToolResult, ContentBlock, ProgressNotificationParam, ServerNotification},
    service::RequestContext,
};
use serde_json::json;

/// The pause between two notifications that the suite expects.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends three log messages.
pub(crate) async fn log_three(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    for text in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        log(context, text).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(done())
}

/// Sends a log message if the request's `_meta` has a level.
pub(crate) async fn log_if_asked(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    if context.meta.log_level().is_some() {
        log(context, "a level was given").await?;
    }
    Ok(done())
}

/// Sends progress of 0, 50 and 100 of 100 if the request has a progress token.
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

/// Sends a log message as plain JSON, because rmcp's types for it are deprecated.
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
