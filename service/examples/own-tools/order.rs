//! `order`: a tool with nested arguments.

use mcp_stateful::prelude::*;

/// Orders items for a session.
///
/// Sizes other than small and large are made on request.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Order {
    /// The customer's session.
    session_id: SessionId,
    /// The items, at least one.
    items: Vec<Item>,
    /// A discount in percent.
    discount: Option<u8>,
    /// A remark for the shop.
    remark: Option<String>,
    /// A unique name of this order.
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Item {
    sku: String,
    quantity: u32,
    #[serde(default)]
    size: Size,
    gift: Option<Gift>,
}

#[derive(Deserialize, JsonSchema)]
struct Gift {
    message: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Size {
    #[default]
    Small,
    Large,
}

/// The confirmation of an order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Receipt {
    /// The session as the client knows it.
    session: String,
    total: u64,
    sizes: Vec<Size>,
    skus: Vec<String>,
    gifts: Vec<String>,
    discount: Option<u8>,
    remark: Option<String>,
    keyed: bool,
}

impl Tool for Order {
    const NAME: &'static str = "order";
    const EFFECT: Effect = Effect::Adds;
    type Output = Receipt;

    async fn call(self, _: &Context) -> Result<Receipt, ToolError> {
        if self.items.is_empty() {
            return Err(ToolError::invalid("`items` is empty; order at least one item"));
        }
        tracing::info!("order accepted");
        Ok(Receipt {
            session: self.session_id.id().to_owned(),
            total: self.items.iter().map(|item| u64::from(item.quantity)).sum(),
            sizes: self.items.iter().map(|item| item.size).collect(),
            gifts: self.items.iter().filter_map(|item| Some(item.gift.as_ref()?.message.clone())).collect(),
            skus: self.items.into_iter().map(|item| item.sku).collect(),
            discount: self.discount,
            remark: self.remark,
            keyed: self.idempotency_key.is_some(),
        })
    }
}
