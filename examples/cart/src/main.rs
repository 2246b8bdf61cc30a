//! A shopping cart as an MCP server.

mod cart;
mod tools;

#[cfg(test)]
mod tests;

use mcp_stateful::prelude::*;

use tools::{AddItem, Checkout, RemoveItem, ShowCart};

/// Registers the tools, for the program and its tests.
fn register(server: Server) -> Server {
    server
        .name("cart")
        .version(env!("CARGO_PKG_VERSION"))
        .description("Keeps shopping carts.")
        .tool::<AddItem>()
        .tool::<RemoveItem>()
        .tool::<ShowCart>()
        .tool::<Checkout>()
}

#[tokio::main]
async fn main() -> Result<(), ServerError> {
    register(Server::from_env()?).run().await
}
