//! `fetch`: a tool that sends a request.

use mcp_stateful::prelude::*;

/// Returns the text at a URL.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Fetch {
    url: String,
    /// Permits private addresses.
    #[serde(default)]
    private: bool,
}

impl Tool for Fetch {
    const NAME: &'static str = "fetch";
    const EFFECT: Effect = Effect::Reads;
    const OPEN_WORLD: bool = true;
    type Output = String;

    async fn call(self, cx: &Context) -> Result<String, ToolError> {
        let http = if self.private { cx.http().with_private_addresses() } else { cx.http() };
        Ok(http.get(&self.url)?.send().await?.error_for_status()?.text().await?)
    }
}
