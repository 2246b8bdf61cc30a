//! Sends the hot DynamoDB requests without the SDK's orchestration.
//!
//! The first request always goes through the SDK. From a successful one [`route`] caches the endpoint, the region and
//! the credentials. Later requests are serialized by the SDK's own serializers, signed with a cached daily key
//! ([`sigv4`]), sent once through the SDK's connector, and read by its deserializers or by [`notes_query`]. On
//! anything but a 200 the request falls back to the SDK, which owns retries, credentials and clock skew. Only
//! operations that are safe to send twice are allowed here ([`operation`]).
//!
//! - **Measured gain**: a DynamoDB call takes 0.53 of the CPU of a plain SDK call (`docs/bench/README.md`, goal
//!   0.50). The cached signing key alone reduced `add_note` from 604,161 to 353,401 instructions, and a `get_notes`
//!   of 50 notes went from 856,650 to 469,869, mostly by [`notes_query`] (`docs/bench/profile.md`). `cargo xtask
//!   instructions` guards the totals (`docs/bench/instructions.md`).
//! - **Switch**: `MCP_FAST_PATHS=off` sends every request through the SDK. The integration suite passes both ways.
//! - **Delete this folder** when the SDK caches endpoint and signing key itself, so that `add_note` and `get_notes`
//!   execute at most 20 % more instructions with the switch off. [`Store::send`] then becomes the SDK's own `send`.

mod notes_query;
mod operation;
mod route;
mod sigv4;

use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, SharedHttpConnector},
    interceptors::context::Input,
    orchestrator::HttpResponse,
    ser_de::{SerializeRequest, SharedRequestSerializer},
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::{ConfigBag, FrozenLayer},
};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;

pub(super) use notes_query::NotesQuery;
use operation::Operation;
use route::CachedRoute;
pub(super) use route::RouteRecorder;

use super::{Store, StoreError, observe::classified};
use crate::telemetry::{Metrics, call};

/// The upper bound of the jittered delay before a rejected request is retried through the SDK. The SDK's first backoff
/// has the same bound.
const MAX_RETRY_DELAY: Duration = Duration::from_millis(25);

/// The settings and the cached route of the fast path.
#[derive(Debug, Clone)]
pub(super) struct FastPath {
    pub(super) connector: SharedHttpConnector,
    pub(super) recorder: RouteRecorder,
    pub(super) metrics: Arc<Metrics>,
    /// The longest wait for a response.
    pub(super) attempt_timeout: Duration,
    /// The longest duration of a call, including a retry through the SDK.
    pub(super) deadline: Duration,
}

/// The outcome of one request on the fast path.
enum Outcome<T> {
    Done(T),
    /// The table sent something other than a readable 200.
    Rejected,
    /// Nothing was sent, or no response arrived.
    NoResponse,
}

impl Store {
    /// Sends a request on the fast path if its route is known, and through the SDK otherwise.
    ///
    /// The future is boxed, so that callers that await several at once, or below many layers, do not copy it.
    pub(super) fn send<O: Operation>(&self, request: O) -> BoxFuture<'_, Result<O::Output, StoreError>> {
        Box::pin(async move {
            let Some((fast_path, route, serde, input)) = self.route_for(&request) else {
                return classified(request.send_with_sdk(None)).await;
            };
            let started = Instant::now();
            match fast_path.exchange::<O>(&route, serde, input).await {
                Outcome::Done(output) => {
                    fast_path.metrics.store_call(O::NAME, true, started.elapsed());
                    return Ok(output);
                }
                Outcome::Rejected => tokio::time::sleep(retry_delay()).await,
                Outcome::NoResponse => {}
            }
            classified(request.send_with_sdk(Some(fast_path.deadline.saturating_sub(started.elapsed())))).await
        })
    }

    /// Returns all that the fast path needs for `request`, or `None` if the request has to go through the SDK.
    fn route_for<O: Operation>(
        &self,
        request: &O,
    ) -> Option<(&FastPath, Arc<CachedRoute>, &'static FrozenLayer, Input)> {
        let fast_path = self.fast_path.as_deref()?;
        Some((fast_path, fast_path.recorder.route()?, O::serde()?, request.input()?))
    }
}

impl FastPath {
    async fn exchange<O: Operation>(
        &self,
        route: &CachedRoute,
        serde: &FrozenLayer,
        input: Input,
    ) -> Outcome<O::Output> {
        let mut bag = ConfigBag::base();
        let request = serde.load::<SharedRequestSerializer>().and_then(|s| s.serialize_input(input, &mut bag).ok());
        let Some(request) = request.and_then(|request| route.prepare(request)) else { return Outcome::NoResponse };
        self.metrics.store_attempt(O::NAME);
        call::count_store_request();
        let exchange = async {
            let mut response = self.connector.call(request).await.ok()?;
            let (status, headers) = (response.status(), mem::take(response.headers_mut()));
            let body = response.into_body().collect().await.ok()?.to_bytes();
            let mut whole = HttpResponse::new(status, SdkBody::from(body));
            *whole.headers_mut() = headers;
            Some(whole)
        };
        let Ok(Some(response)) = tokio::time::timeout(self.attempt_timeout, exchange).await else {
            return Outcome::NoResponse;
        };
        if response.status().as_u16() != 200 {
            return Outcome::Rejected;
        }
        O::read_response(&response, &bag).map_or(Outcome::Rejected, Outcome::Done)
    }
}

/// Returns a random delay up to [`MAX_RETRY_DELAY`], so that requests rejected together are not retried together.
fn retry_delay() -> Duration {
    let mut random = [u8::MAX];
    // Without random numbers the delay is the longest.
    getrandom::fill(&mut random).ok();
    MAX_RETRY_DELAY * u32::from(random[0]) / u32::from(u8::MAX)
}
