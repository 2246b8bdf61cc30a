//! One connection: hyper serves it, and this module decides how long it is kept and how it ends.

mod activity;
mod discard;
mod open;
mod request_body;
mod socket;

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    net::IpAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{extract::Request, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header::CONNECTION};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use activity::{Activity, End, InUse, Wait};
pub(super) use open::{OpenConnection, OpenConnections};
use socket::Socket;

use super::arrival::Arrival;
use crate::{process::Stop, telemetry::targets};

/// The largest head of a request, above which it gets a 431, and the largest read of a body. hyper's default of
/// 400 KB a connection would let clients without a token fill the memory.
const BUFFER_BYTES: usize = 64 << 10;

/// The time for which an idle connection is kept beyond the announced one. A request that the client sends within
/// the announced time arrives within this.
const IDLE_MARGIN: Duration = Duration::from_secs(2);

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The time limits of connections.
#[derive(Debug, Clone)]
pub(super) struct Timeouts {
    /// The longest time from a head's first byte to its end, and the longest wait for a client to read.
    head: Duration,
    /// The longest time without a request.
    idle: Duration,
    /// The announced idle time, as the value of `Keep-Alive`.
    hint: HeaderValue,
}

impl Timeouts {
    pub(super) fn new(head: Duration, keep_alive: Duration) -> Self {
        // Digits are valid in a header.
        let hint = HeaderValue::try_from(format!("timeout={}", keep_alive.as_secs()));
        let hint = hint.unwrap_or_else(|_| HeaderValue::from_static("timeout=1"));
        Self { head, idle: keep_alive + IDLE_MARGIN, hint }
    }

    /// Returns the time at which a wait for the client ends.
    fn deadline(&self, wait: Wait) -> Instant {
        wait.since + if wait.head { self.head } else { self.idle }
    }

    /// The shortest wait for the client.
    fn shortest(&self) -> Duration {
        self.head.min(self.idle)
    }
}

/// Serves a connection until it ends.
///
/// hyper's buffers are allocated here, in the listener's task. In the connection's own task they would share pages
/// with what requests allocate, and take a third more memory.
pub(super) fn serve<F>(
    stream: TcpStream,
    peer: IpAddr,
    connection: OpenConnection,
    timeouts: Timeouts,
    stop: Stop,
    respond: impl Fn(Request) -> F + Send,
) -> impl Future<Output = ()> + Send
where
    F: Future<Output = Response> + Send,
{
    let activity = connection.activity.clone();
    let socket = Socket::new(stream, timeouts.head, activity.clone());
    let hint = timeouts.hint.clone();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let in_use = InUse::new(activity.clone());
        let hint = is_persistent(&request).then(|| hint.clone());
        let (mut head, body) = request.into_parts();
        let arrival = Arrival::new(peer, stop.is_stopping());
        head.extensions.insert(arrival);
        let body = request_body::wrap(body, &head.headers, &activity);
        let response = respond(Request::from_parts(head, body));
        async move {
            let mut response = response.await;
            let last = in_use.activity().is_ending() || arrival.stopping;
            if last || response.status() == StatusCode::REQUEST_TIMEOUT {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            } else if let Some(hint) = hint {
                announce_idle_time(response.headers_mut(), hint);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut http1 = http1::Builder::new();
    // The limit of a head is kept here, because hyper's would limit idle connections, too.
    http1.header_read_timeout(None).max_buf_size(BUFFER_BYTES);
    let mut hyper = http1.serve_connection(TokioIo::new(socket), service);
    async move {
        let activity = &*connection.activity;
        let mut timer = pin!(sleep_until(Instant::now() + timeouts.idle));
        let mut ending = false;
        let served = poll_fn(|context| {
            activity.register(context.waker());
            loop {
                if let Poll::Ready(result) = Pin::new(&mut hyper).poll(context) {
                    return Poll::Ready(result.map_err(Ended::Hyper));
                }
                if ending {
                    return Poll::Pending;
                }
                if let Err(ended) = ready!(poll_end(activity, &timeouts, timer.as_mut(), context)) {
                    return Poll::Ready(Err(ended));
                }
                // Polled again, because hyper closes an idle connection at its next poll.
                ending = true;
                Pin::new(&mut hyper).graceful_shutdown();
            }
        });
        if let Err(reason) = served.await {
            tracing::debug!(target: targets::LISTENER, %reason, "connection ended");
        }
    }
}

/// The reason for which a connection ended without both sides agreeing on it.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Hyper(hyper::Error),
    #[error("the head did not arrive in time")]
    SlowHead,
    #[error("evicted before its head was complete")]
    Evicted,
}

/// Waits until the connection has to end: gracefully, or at once because of a head that does not arrive.
///
/// The timer is reset only if a deadline becomes earlier, or when it fires. So a request costs no timer of its own.
fn poll_end(
    activity: &Activity,
    timeouts: &Timeouts,
    mut timer: Pin<&mut Sleep>,
    context: &mut Context<'_>,
) -> Poll<Result<(), Ended>> {
    let mut wait = activity.wait();
    let in_head = wait.is_some_and(|wait| wait.head);
    match activity.end() {
        Some(End::Evicted) if in_head => return Poll::Ready(Err(Ended::Evicted)),
        // A request whose first bytes have arrived is served, and its response is the last one.
        Some(End::Graceful | End::Evicted) if !in_head => return Poll::Ready(Ok(())),
        _ => {}
    }
    loop {
        if let Some(deadline) = wait.map(|wait| timeouts.deadline(wait)).filter(|deadline| *deadline < timer.deadline())
        {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(context));
        let now = Instant::now();
        wait = activity.wait();
        match wait {
            None => timer.as_mut().reset(now + timeouts.shortest()),
            Some(waiting) if timeouts.deadline(waiting) > now => timer.as_mut().reset(timeouts.deadline(waiting)),
            Some(waiting) if waiting.head => return Poll::Ready(Err(Ended::SlowHead)),
            Some(_) => {
                activity.request_end(End::Graceful);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// Returns true if the client may send another request on the connection
/// ([RFC 9112, section 9.3](https://www.rfc-editor.org/rfc/rfc9112#section-9.3)). The hint is left out for
/// HTTP/1.0, whose clients hyper answers itself.
fn is_persistent(request: &http::Request<Incoming>) -> bool {
    let closes = |value: &HeaderValue| {
        value.as_bytes().split(|byte| *byte == b',').any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    };
    request.version() == Version::HTTP_11 && !request.headers().get_all(CONNECTION).iter().any(closes)
}

/// Adds `Keep-Alive: timeout=…`, after which clients stop using an idle connection.
/// [RFC 9110, section 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1) demands that `Connection`
/// names it.
fn announce_idle_time(headers: &mut HeaderMap, hint: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("keep-alive"));
    headers.insert(KEEP_ALIVE, hint);
}
