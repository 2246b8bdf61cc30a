//! The trait of a tool: its name, its arguments, its effect, its result.

use std::future::Future;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    output::{Json, ToolOutput},
};
use crate::config::Limits;

/// A tool. The fields of the type are the arguments of a call.
///
/// The doc comment of the type is the description that models read, and the doc comment of a field describes the
/// argument. `Deserialize` and `JsonSchema` are derived. The server checks the arguments of a call, opens its session
/// and checks the caller's permission before [`call`](Self::call) runs.
///
/// ```
/// use mcp_stateful::prelude::*;
///
/// /// Adds two numbers.
/// #[derive(Deserialize, JsonSchema)]
/// struct Add {
///     /// The first number.
///     a: i64,
///     /// The second number.
///     b: i64,
/// }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Sum {
///     sum: i64,
/// }
///
/// impl Tool for Add {
///     const NAME: &'static str = "add";
///     const EFFECT: Effect = Effect::Reads;
///     type Output = Sum;
///
///     async fn call(self, _: &Context) -> Result<Sum, ToolError> {
///         let sum = self.a.checked_add(self.b).ok_or_else(|| ToolError::invalid("the sum exceeds 64 bits"))?;
///         Ok(Sum { sum })
///     }
/// }
///
/// # fn main() -> Result<(), ServerError> {
/// let server = Server::from_env()?.tool::<Add>();
/// # Ok(())
/// # }
/// ```
///
/// A call ends early if its client disconnects: the future is dropped at its next `.await`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool",
    label = "`Tool` is not implemented for this type",
    note = "implement `Tool` for `{Self}` and derive `Deserialize` and `JsonSchema` for it"
)]
pub trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    /// The name: 1 to 64 letters, digits, `_` and `-`.
    const NAME: &'static str;

    /// The effect of a call. The required scope and the annotations follow from it.
    const EFFECT: Effect;

    /// The title for people. By default, the name with spaces and a capital letter.
    const TITLE: Option<&'static str> = None;

    /// True if a repeated call with the same arguments changes nothing more. The default follows from the effect.
    const IDEMPOTENT: bool = Self::EFFECT.is_idempotent();

    /// True if the tool reaches systems outside of this server, such as a web service.
    const OPEN_WORLD: bool = false;

    /// Keeps the arguments of a call for [`Context`], which recognizes repeated calls by them. The built-in tools do
    /// without, because their copies would cost every call.
    #[doc(hidden)]
    const KEEPS_ARGUMENTS: bool = true;

    /// The result of a call, serialized for the client.
    type Output: Serialize + JsonSchema + Send + 'static;

    /// Runs a call.
    fn call(self, cx: &Context) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;

    /// Returns the definition that clients get. By default, it is derived from the type.
    fn definition(limits: &Limits) -> Definition {
        let _ = limits;
        Definition::derived::<Self>()
    }

    /// Converts the result to what clients read. By default, it is JSON.
    ///
    /// # Errors
    /// [`ToolError::Internal`] if the result has no form in JSON.
    fn render(output: Self::Output) -> Result<Box<dyn ToolOutput>, ToolError> {
        Ok(Box::new(Json(serde_json::to_value(output).map_err(ToolError::internal)?)))
    }
}
