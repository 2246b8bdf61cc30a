//! Accepts connections until the stop signal, then drains: requests in progress may finish, new connections
//! are not accepted.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;

use crate::{config::DRAIN, telemetry::targets};

/// The pause after an `accept` that failed for lack of file descriptors. Without it, the loop would spin.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Serves `respond` on `listener` until `stop`. Returns when every connection is closed, at most [`DRAIN`] later.
///
/// `head_timeout` limits the wait for a request's head, and with it the life of an idle connection. It also
/// limits the time in which a client reads its response.
pub async fn serve<F>(
    listener: TcpListener,
    respond: impl Fn(Request) -> F + Clone + Send + 'static,
    head_timeout: Duration,
    stop: impl Future<Output = ()>,
) where
    F: Future<Output = Response> + Send + 'static,
{
    let mut http1 = http1::Builder::new();
    http1.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    recover(&error).await;
                    continue;
                }
            },
        };
        let respond = respond.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            let response = respond(request.map(Body::new));
            async { Ok::<_, Infallible>(response.await) }
        });
        let connection = http1.serve_connection(prepare(stream, head_timeout), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(target: targets::LISTENER, %error, "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!(target: targets::LISTENER, seconds = DRAIN.as_secs(), "drain time exceeded; remaining requests are aborted");
    }
}

/// Sets up the socket. A client that stops reading is disconnected, because its response would stay in memory.
fn prepare(stream: TcpStream, write_timeout: Duration) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
    // Responses are small and complete, so waiting for more data to send would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(target: targets::LISTENER, %error, "cannot set TCP_NODELAY");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    TokioIo::new(Box::pin(stream))
}

/// Logs and waits after an `accept` error of the system, ignores one of the connection.
async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(target: targets::LISTENER, %error, "cannot accept connections");
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}
