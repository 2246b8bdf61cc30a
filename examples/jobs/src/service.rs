//! The other service: `GET /steps/<name>` returns the description of a step, and `POST /steps/<name>` runs it.

use std::time::Duration;

use mcp_stateful::prelude::*;

/// The variable with the service's address.
const ADDRESS: &str = "STEP_SERVICE";
/// The time for which a description is kept. Descriptions change rarely.
const DESCRIPTION_TTL: Duration = Duration::from_secs(60);

/// Returns the description of a step, from the cache if it is there. `None` if the service does not know the step.
pub(crate) async fn describe(cx: &Context, step: &str) -> Result<Option<String>, ToolError> {
    let fetch = async {
        let response = cx.http().with_private_addresses().get(url(cx, step)?)?.send().await?;
        if response.status().as_u16() == 404 {
            return Ok(None);
        }
        Ok(Some(response.error_for_status()?.text().await?))
    };
    Ok((*cx.cached(step, DESCRIPTION_TTL, fetch).await?).clone())
}

/// Runs a step, and returns the service's receipt.
pub(crate) async fn run(cx: &Context, step: &str) -> Result<String, ToolError> {
    // The operator sets the address, so it may be a private one.
    let response = cx.http().with_private_addresses().post(url(cx, step)?)?.send().await?;
    Ok(response.error_for_status()?.text().await?)
}

fn url(cx: &Context, step: &str) -> Result<String, ToolError> {
    let is_plain = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_plain {
        return Err(ToolError::invalid(format!("invalid step {step:?}: expected letters, digits, `-` and `_`")));
    }
    let address = cx.env(ADDRESS).ok_or_else(|| ToolError::internal(format!("{ADDRESS} is not set")))?;
    Ok(format!("{}/steps/{step}", address.trim_end_matches('/')))
}
