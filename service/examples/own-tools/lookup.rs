//! `lookup`: a reading tool whose result is a list.

use mcp_stateful::prelude::*;

/// The goods of the shop, which the server gives to its tools.
pub(crate) struct Stock(pub(crate) Vec<String>);

/// Lists the goods of the shop.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Lookup {
    /// The largest number of goods.
    limit: Option<u32>,
}

impl Tool for Lookup {
    const NAME: &'static str = "lookup";
    const EFFECT: Effect = Effect::Reads;
    const OPEN_WORLD: bool = true;
    type Output = Vec<String>;

    async fn call(self, cx: &Context) -> Result<Vec<String>, ToolError> {
        let limit = self.limit.map_or(usize::MAX, |limit| limit as usize);
        Ok(cx.data::<Stock>()?.0.iter().take(limit).cloned().collect())
    }
}
