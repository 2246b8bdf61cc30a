//! The body of a request. A body that is dropped before its end is discarded in the background, so that any
//! handler may reject a request without reading it.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::{HeaderMap, header::EXPECT};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};

use super::{
    activity::{Activity, InUse},
    discard::{Discard, KEPT_BYTES, PAUSE},
};

/// Wraps the body of a request with the given headers.
pub(super) fn wrap(body: Incoming, headers: &HeaderMap, activity: &Arc<Activity>) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let expects_continue = headers.contains_key(EXPECT);
    Body::new(RequestBody { unread: Some(body), expects_continue, activity: activity.clone() })
}

struct RequestBody {
    /// `None` after the end.
    unread: Option<Incoming>,
    /// True if the client waits for a `100 Continue` before it sends the body, so there may be nothing to discard.
    expects_continue: bool,
    activity: Arc<Activity>,
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.unread else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        match &frame {
            Poll::Ready(None) => self.unread = None,
            // After a malformed chunk nothing shows where the body ends.
            Poll::Ready(Some(Err(_))) => {
                self.unread = None;
                leave_to_socket(&self.activity);
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.unread.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.unread.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(body) = self.unread.take().filter(|body| !body.is_end_stream()) else { return };
        let short = body.size_hint().upper().is_some_and(|rest| rest <= KEPT_BYTES as u64);
        if self.expects_continue {
            // The next bytes may be another request instead of the body.
            leave_to_socket(&self.activity);
        } else if short {
            spawn(body, ready(Some(Discard::kept())), &self.activity);
        } else {
            self.activity.leave_unread();
            spawn(body, Discard::refused_in_turn(), &self.activity);
        }
    }
}

/// Lets the socket discard what arrives, without regard to the body's end.
fn leave_to_socket(activity: &Activity) {
    activity.leave_unread();
    if let Some(discard) = Discard::refused() {
        activity.hand_over(discard);
    }
}

fn spawn(body: Incoming, discard: impl Future<Output = Option<Discard>> + Send + 'static, activity: &Arc<Activity>) {
    // Bodies that are dropped while the process ends are dropped after its runtime.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(read_to_end(body, discard, InUse::new(activity.clone())));
    }
}

/// Reads the body within the bounds. hyper writes the response meanwhile. If the body is read to its end, hyper
/// keeps the connection. If not, hyper closes it, and the socket continues the discard.
async fn read_to_end(mut body: Incoming, discard: impl Future<Output = Option<Discard>>, connection: InUse) {
    let Some(mut discard) = discard.await else { return };
    loop {
        let until = discard.deadline().min(Instant::now() + PAUSE);
        match timeout_at(until, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) if discard.count(frame.data_ref().map_or(0, Bytes::len)) => {}
            Ok(Some(_)) | Err(_) => break,
        }
    }
    connection.activity().hand_over(discard);
}
