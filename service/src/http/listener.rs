//! Accepts connections until the drain, in which requests in progress may finish and new connections are not
//! accepted.
//!
//! A front goes on sending requests for a while after the stop signal. During the lame duck they are served, and
//! every response closes its connection. Idle connections are kept until the drain, because the front may be about
//! to use them.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::{extract::Request, response::Response};
use tokio::net::TcpListener;

use super::connection::{self, OpenConnections, Timeouts};
use crate::{
    config::DRAIN,
    process::Stop,
    telemetry::{Metrics, targets},
};

/// The pause after an `accept` that failed for lack of file descriptors. Without it, the loop would spin.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// The limits of a listener's connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// The longest time in which a head may arrive, and the longest wait for a client that does not read.
    pub head_timeout: Duration,
    /// The time for which an idle connection is kept.
    pub keep_alive: Duration,
    /// The number of open connections. At the limit the longest idle one is closed for a new one.
    pub max_connections: u32,
}

/// Serves `respond` on `listener` until the drain. Returns when every connection is closed, at most [`DRAIN`]
/// later.
pub async fn serve<F>(
    listener: TcpListener,
    respond: impl Fn(Request) -> F + Clone + Send + 'static,
    limits: ConnectionLimits,
    metrics: Option<Arc<Metrics>>,
    stop: Stop,
) where
    F: Future<Output = Response> + Send + 'static,
{
    let timeouts = Timeouts::new(limits.head_timeout, limits.keep_alive);
    let connections = OpenConnections::new(limits.max_connections, metrics);
    let mut drain = pin!(stop.clone().wait());
    loop {
        let accepted = async {
            let (stream, peer) = listener.accept().await?;
            // At the limit the loop waits here with one accepted connection, and accepts no other.
            Ok((stream, peer, connections.add().await))
        };
        let (stream, peer, connection) = tokio::select! {
            () = &mut drain => break,
            accepted = accepted => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    recover(&error, &connections).await;
                    continue;
                }
            },
        };
        let (respond, timeouts, stop) = (respond.clone(), timeouts.clone(), stop.clone());
        tokio::spawn(connection::serve(stream, peer.ip(), connection, timeouts, stop, respond));
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.end()).await.is_err() {
        tracing::warn!(target: targets::LISTENER, seconds = DRAIN.as_secs(), "drain time exceeded; remaining requests are aborted");
    }
}

/// Logs and waits after an `accept` error of the system, ignores one of the connection.
async fn recover(error: &io::Error, connections: &OpenConnections) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(target: targets::LISTENER, %error, "cannot accept connections");
        // The system's limit may be reached before that of connections, and an idle connection holds what is
        // missing.
        connections.evict();
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}
