//! `add_item`.

use mcp_stateful::prelude::*;

use crate::cart::{Cart, MAX_QUANTITY};

/// Adds an item to the cart.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AddItem {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
    /// The name of the item.
    item: String,
    /// The quantity to add.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    quantity: u32,
}

/// The item as the cart has it now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Added {
    quantity: u32,
}

fn one() -> u32 {
    1
}

impl Tool for AddItem {
    const NAME: &'static str = "add_item";
    const EFFECT: Effect = Effect::Adds;
    type Output = Added;

    async fn call(self, cx: &Context) -> Result<Added, ToolError> {
        let full = || ToolError::failed(format!("a cart holds at most {MAX_QUANTITY} of an item: add fewer"));
        let cart = cx.state::<Cart>(&self.session_id);
        let quantity = cart.try_update(|cart| cart.add(&self.item, self.quantity).ok_or_else(full)).await?;
        Ok(Added { quantity })
    }
}
