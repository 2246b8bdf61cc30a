//! A server with one tool and none of the built-in ones.

use mcp_stateful::prelude::*;

/// Adds two numbers.
#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The first number.
    a: i64,
    /// The second number.
    b: i64,
}

/// The result of `add`.
#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

impl Tool for Add {
    const NAME: &'static str = "add";
    const EFFECT: Effect = Effect::Reads;
    type Output = Sum;

    async fn call(self, _: &Context) -> Result<Sum, ToolError> {
        let sum = self.a.checked_add(self.b).ok_or_else(|| ToolError::invalid("the sum exceeds 64 bits"))?;
        Ok(Sum { sum })
    }
}

#[tokio::main]
async fn main() -> Result<(), ServerError> {
    Server::from_env()?.name("adder").version(env!("CARGO_PKG_VERSION")).without_builtin_tools().tool::<Add>().run().await
}
