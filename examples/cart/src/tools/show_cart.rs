//! `show_cart`.

use mcp_stateful::prelude::*;

use crate::cart::Cart;

/// Returns the items in the cart.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ShowCart {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
}

impl Tool for ShowCart {
    const NAME: &'static str = "show_cart";
    const EFFECT: Effect = Effect::Reads;
    type Output = Cart;

    async fn call(self, cx: &Context) -> Result<Cart, ToolError> {
        Ok(cx.state::<Cart>(&self.session_id).read().await?)
    }
}
