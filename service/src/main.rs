//! The binary with the built-in tools. [`Server`] has its command line.

use std::process::ExitCode;

use mcp_stateful::{Server, ServerError};

fn main() -> ExitCode {
    match Server::from_env().and_then(Server::run_blocking) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the error that ends the process")]
fn eprint(error: &ServerError) {
    eprintln!("mcp-stateful: {error}");
}
