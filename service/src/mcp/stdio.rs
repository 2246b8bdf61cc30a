//! MCP on standard input and output, for clients that start the server themselves. Standard output carries the protocol and
//! nothing else; the log goes to standard error.
//!
//! Two things are rmcp's and not as over HTTP: a line that is no JSON gets no answer, and a signal ends the process without
//! waiting for calls under way.

use std::{future::Future, io};

use rmcp::{ServerHandler, ServiceExt, transport::stdio_pipes};

/// Serves one client until it closes its end, or until `stop`.
///
/// # Errors
/// A client whose first message is no handshake.
pub async fn serve_stdio<H: ServerHandler>(handler: H, stop: impl Future<Output = ()>) -> io::Result<()> {
    let session = async {
        let service = handler.serve(stdio_pipes()).await.map_err(io::Error::other)?;
        service.waiting().await.map_err(io::Error::other)?;
        Ok(())
    };
    tokio::select! {
        ended = session => ended,
        () = stop => Ok(()),
    }
}
