//! A list of jobs as an MCP server. The steps of a job call another service, each once.

mod job;
mod service;
mod tools;

#[cfg(test)]
mod tests;

use mcp_stateful::prelude::*;

use tools::{AddJob, RunStep, ShowJobs};

/// Registers the tools, for the program and its tests.
fn register(server: Server) -> Server {
    server
        .name("jobs")
        .version(env!("CARGO_PKG_VERSION"))
        .description("Keeps jobs, and runs their steps.")
        .tool::<AddJob>()
        .tool::<RunStep>()
        .tool::<ShowJobs>()
}

#[tokio::main]
async fn main() -> Result<(), ServerError> {
    register(Server::from_env()?).run().await
}
