//! Accepts connections until told to stop, then lets those that are being served finish.

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

/// The longest that requests under way may take once the service was told to stop. ECS kills 30 s after its signal.
pub const DRAIN: Duration = Duration::from_secs(22);

/// The pause after an `accept` that failed for want of file descriptors: going on at once would only spin.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Serves what `answer` answers on `listener` until `stop`; returns when every connection is closed, or after [`DRAIN`].
///
/// `head_timeout` is the longest wait for a request's head, and so for the next request on an idle connection, and the
/// longest that a client may leave its answer unread.
pub async fn serve<F>(
    listener: TcpListener,
    answer: impl Fn(Request) -> F + Clone + Send + 'static,
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
        let answer = answer.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            let answer = answer(request.map(Body::new));
            async { Ok::<_, Infallible>(answer.await) }
        });
        let connection = http1.serve_connection(prepare(stream, head_timeout), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "some requests were not finished in time");
    }
}

/// A client that stops reading its answer is cut off: each would keep a whole answer in memory.
fn prepare(stream: TcpStream, write_timeout: Duration) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
    // Answers are small and complete: waiting for more to send would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    TokioIo::new(Box::pin(stream))
}

async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "connections cannot be accepted");
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}
