//! `remove_item`.

use mcp_stateful::prelude::*;

use crate::cart::Cart;

/// Removes an item from the cart, whatever its quantity.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RemoveItem {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
    /// The name of the item.
    item: String,
}

/// The quantity that the cart had.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Removed {
    quantity: u32,
}

impl Tool for RemoveItem {
    const NAME: &'static str = "remove_item";
    const EFFECT: Effect = Effect::Deletes;
    type Output = Removed;

    async fn call(self, cx: &Context) -> Result<Removed, ToolError> {
        let quantity = cx.state::<Cart>(&self.session_id).update(|cart| cart.remove(&self.item)).await?;
        let missing = || ToolError::failed(format!("the cart has no {:?}: call show_cart for its items", self.item));
        Ok(Removed { quantity: quantity.ok_or_else(missing)? })
    }
}
