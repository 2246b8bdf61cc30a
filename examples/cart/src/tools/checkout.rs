//! `checkout`.

use mcp_stateful::prelude::*;

use crate::cart::{Cart, ORDERS, Order};

/// Orders the items in the cart, and empties it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Checkout {
    /// The session: a handle from create_session, or a name.
    session_id: SessionId,
    idempotency_key: Option<IdempotencyKey>,
}

/// The order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ordered {
    order: Order,
    /// True if an earlier call with the same key placed the order.
    replayed: bool,
}

impl Tool for Checkout {
    const NAME: &'static str = "checkout";
    const EFFECT: Effect = Effect::Writes;
    type Output = Ordered;

    async fn call(self, cx: &Context) -> Result<Ordered, ToolError> {
        let session = &self.session_id;
        // Cart, order and result are written together or not at all.
        let ordered = cx
            .once(session, self.idempotency_key.as_ref(), |tx| async move {
                let items = tx.state::<Cart>(session).update(|cart| std::mem::take(&mut cart.items)).await?;
                if items.is_empty() {
                    return Err(ToolError::failed("the cart is empty: add an item first"));
                }
                let order = Order { items };
                tx.log(session, ORDERS).append(&order)?;
                Ok(order)
            })
            .await?;
        Ok(Ordered { order: ordered.value, replayed: ordered.replayed })
    }
}
