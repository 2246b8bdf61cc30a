//! Whether a caller's scopes cover what it asks for: 403 `insufficient_scope` before the call, so that a client can ask its user
//! for more. [`crate::tools::Tools::call`] refuses by itself whatever comes around this.

use axum::response::Response;
use serde_json::Value;

use super::challenge::Challenge;
use crate::{principal::Grant, tools};

/// The refusal of a request that `grant` does not cover. The body is read only of those who may not do everything.
pub(super) fn check(challenge: &Challenge, grant: Grant, body: &[u8]) -> Result<(), Box<Response>> {
    if grant == Grant::FULL {
        return Ok(());
    }
    if !grant.read && !grant.write {
        return Err(challenge.insufficient_scope(grant, None).into());
    }
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let needed = body.as_ref().and_then(called).and_then(tools::access);
    match needed.filter(|needed| !grant.covers(*needed)) {
        Some(needed) => Err(challenge.insufficient_scope(grant, Some(needed)).into()),
        None => Ok(()),
    }
}

/// The tool that a message calls: MCP's `tools/call`, or the REST route's body.
fn called(body: &Value) -> Option<&str> {
    let mcp = body.get("method").is_some_and(|method| method == "tools/call");
    let call = if mcp { body.get("params")? } else { body };
    call.get("name")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_tool_on_both_surfaces() {
        assert_eq!(called(&json!({"method": "tools/call", "params": {"name": "a"}, "name": "b"})), Some("a"));
        assert_eq!(called(&json!({"name": "a", "arguments": {}})), Some("a"));
        for none in
            [json!([]), json!({"method": "tools/list", "params": {"name": "a"}}), json!({"name": 1}), json!(null)]
        {
            assert_eq!(called(&none), None, "{none}");
        }
    }
}
