//! A usage meter as an MCP server.

mod rate;
mod tools;

#[cfg(test)]
mod tests;

use mcp_stateful::prelude::*;

use tools::{GetUsage, RecordUsage};

/// Registers the tools, for the program and its tests.
fn register(server: Server) -> Server {
    server
        .name("meter")
        .version(env!("CARGO_PKG_VERSION"))
        .description("Counts usage.")
        .tool::<RecordUsage>()
        .tool::<GetUsage>()
}

#[tokio::main]
async fn main() -> Result<(), ServerError> {
    register(Server::from_env()?).run().await
}
