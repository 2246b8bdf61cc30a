//! The parts that the methods of the handler share: cursors, cancellation, errors.

use std::future::Future;

use rmcp::{ErrorData, RoleServer, model::PaginatedRequestParams, service::RequestContext};

use crate::tools::ToolError;

/// Rejects a cursor: every list has one page (MCP, utilities/pagination, section "Error Handling"). Some clients
/// send an empty one for the first page.
pub(super) fn check_cursor(method: &str, params: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    if params.and_then(|params| params.cursor).is_none_or(|cursor| cursor.is_empty()) {
        return Ok(());
    }
    let text = format!("invalid params: `params.cursor` was not returned by {method}, which has one page; omit it");
    Err(ErrorData::invalid_params(text, None))
}

/// Rejects parameters that rmcp could not read.
pub(super) fn malformed(method: &str, problem: Option<String>) -> ErrorData {
    let problem = problem.unwrap_or_else(|| format!("`params` of {method} does not have the form that MCP defines"));
    ErrorData::invalid_params(format!("invalid params: {problem}"), None)
}

/// Ends the work of a request whose client has disconnected or whose time is up. rmcp would keep running its
/// handler, and nothing would limit that work.
pub(super) async fn unless_cancelled<T>(
    context: &RequestContext<RoleServer>,
    work: impl Future<Output = T>,
) -> Result<T, ErrorData> {
    tokio::select! {
        result = work => Ok(result),
        () = context.ct.cancelled() => Err(ErrorData::internal_error("cancelled", None)),
    }
}

/// Converts the error of a resource or a prompt. Unlike a tool's, it is an error of the protocol.
pub(super) fn read_error(error: ToolError) -> ErrorData {
    let text = error.to_string();
    match error {
        ToolError::NotFound(_) => ErrorData::resource_not_found(text, None),
        ToolError::Invalid(_) => ErrorData::invalid_params(format!("invalid params: {text}"), None),
        ToolError::Forbidden { .. } => ErrorData::invalid_request(text, None),
        _ => ErrorData::internal_error(text, None),
    }
}
