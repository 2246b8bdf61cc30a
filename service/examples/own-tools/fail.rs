//! `fail`, and tools that cannot be registered.

use mcp_stateful::prelude::*;

/// Fails in the way that the caller picks.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Fail {
    how: How,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    Invalid,
    Failed,
    Internal,
    Panic,
    MissingData,
    MissingSecret,
}

impl Tool for Fail {
    const NAME: &'static str = "fail";
    const EFFECT: Effect = Effect::Deletes;
    type Output = ();

    #[expect(clippy::panic, reason = "the server turns a panic into an error")]
    async fn call(self, cx: &Context) -> Result<(), ToolError> {
        match self.how {
            How::Invalid => Err(ToolError::invalid("`how` is invalid; pick another")),
            How::Failed => Err(ToolError::failed("the shop is closed; come back tomorrow")),
            How::Internal => Err(ToolError::internal(std::io::Error::other("the till is broken"))),
            How::Panic => panic!("a secret"),
            How::MissingData => cx.data::<u64>().map(drop),
            How::MissingSecret => cx.secret("SHOP_MISSING").map(drop),
        }
    }
}

/// Has the name of another tool.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AlsoOrder {}

impl Tool for AlsoOrder {
    const NAME: &'static str = "order";
    const EFFECT: Effect = Effect::Reads;
    type Output = ();

    async fn call(self, _: &Context) -> Result<(), ToolError> {
        Ok(())
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Undescribed {}

impl Tool for Undescribed {
    const NAME: &'static str = "undescribed";
    const EFFECT: Effect = Effect::Reads;
    type Output = ();

    async fn call(self, _: &Context) -> Result<(), ToolError> {
        Ok(())
    }
}

/// Has arguments that are not an object.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Unit;

impl Tool for Unit {
    const NAME: &'static str = "unit";
    const EFFECT: Effect = Effect::Reads;
    type Output = ();

    async fn call(self, _: &Context) -> Result<(), ToolError> {
        Ok(())
    }
}

/// Has a name that clients reject.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct InvalidName {}

impl Tool for InvalidName {
    const NAME: &'static str = "count words";
    const EFFECT: Effect = Effect::Reads;
    type Output = ();

    async fn call(self, _: &Context) -> Result<(), ToolError> {
        Ok(())
    }
}
