//! `inspect`: returns what a tool learns from its context.

use mcp_stateful::prelude::*;

/// Returns the context of the call.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Inspect {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Inspected {
    id: String,
    tool: &'static str,
    principal: String,
    milliseconds_left: u64,
    setting: Option<String>,
    secret: Option<String>,
    reserved: Option<String>,
}

impl Tool for Inspect {
    const NAME: &'static str = "inspect";
    const TITLE: Option<&'static str> = Some("Look around");
    const EFFECT: Effect = Effect::Writes;
    const IDEMPOTENT: bool = true;
    type Output = Inspected;

    async fn call(self, cx: &Context) -> Result<Inspected, ToolError> {
        let left = cx.deadline().saturating_duration_since(tokio::time::Instant::now());
        Ok(Inspected {
            id: cx.id().to_owned(),
            tool: cx.tool(),
            principal: cx.principal().name().to_owned(),
            milliseconds_left: u64::try_from(left.as_millis()).unwrap_or_default(),
            setting: cx.env("SHOP_SETTING"),
            secret: cx.secret("SHOP_SECRET").ok().map(|secret| format!("{secret:?} {}", secret.expose().len())),
            reserved: cx.env("MCP_AUTH_TOKEN"),
        })
    }
}
