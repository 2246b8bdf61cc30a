//! MCP over standard input and output, for clients that start the server themselves. Standard output carries only the
//! protocol. The log goes to standard error.
//!
//! Two differences from HTTP come from rmcp: a line that is not JSON gets no response, and a stop signal does
//! not wait for calls in progress.

use std::{future::Future, io};

use rmcp::{ServerHandler, ServiceExt, transport::stdio_pipes};

/// Serves one client until it closes its end, or until `stop`.
///
/// # Errors
/// An error if the client's first message is not a handshake.
pub async fn serve_stdio<H: ServerHandler>(handler: H, stop: impl Future<Output = ()>) -> io::Result<()> {
    let session = async {
        let service = handler.serve(stdio_pipes()).await.map_err(io::Error::other)?;
        service.waiting().await.map_err(io::Error::other)?;
        Ok(())
    };
    tokio::select! {
        result = session => result,
        () = stop => Ok(()),
    }
}
