//! A call to the table without the SDK's orchestration, which costs more than all the rest of a call: it sets up a few dozen
//! parts anew each time, from rules for endpoints to classifiers of errors.
//!
//! The SDK shows the way: of a request that it sent and the table answered this keeps the endpoint, the region and the
//! credentials ([`way`]). From then on a call is written by the SDK's own serializers, signed as the SDK signs, sent through its
//! connector, once, and read by its deserializers unless the operation reads its answer itself. Whatever comes of that but a success is the SDK's: it sends the request again, with all it
//! knows of retries, credentials and clocks. Only operations that may be sent twice are called so ([`operation`]).

mod operation;
mod signing;
mod way;

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

pub(super) use operation::Operation;
pub(super) use way::Pathfinder;

use self::way::Way;
use super::{Store, StoreError, observe::sent};
use crate::telemetry::{Metrics, call};

/// Before the SDK sends a request again that the table refused, it waits up to so long; so does who hands it one.
const PAUSE_MILLISECONDS: u64 = 25;

/// Sends requests the short way.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    pub(super) connector: SharedHttpConnector,
    pub(super) pathfinder: Pathfinder,
    pub(super) metrics: Arc<Metrics>,
    /// The longest wait for an answer.
    pub(super) patience: Duration,
    /// The longest that a call may take, the SDK's part of it included.
    pub(super) deadline: Duration,
}

/// What became of a request.
enum Sent<T> {
    Done(T),
    /// The table answered something else.
    Refused,
    /// Nothing was sent, or no answer came.
    Unanswered,
}

impl Store {
    /// Sends a request of the SDK, the short way if it is known. In a box: whoever waits for several at once, or below many
    /// layers, would copy each.
    pub(super) fn send<O: Operation>(&self, request: O) -> BoxFuture<'_, Result<O::Output, StoreError>> {
        Box::pin(async move {
            let Some((direct, way, serde, input)) = self.short_way(&request) else {
                return sent(request.by_sdk(None)).await;
            };
            let started = Instant::now();
            match direct.send::<O>(&way, serde, input).await {
                Sent::Done(output) => {
                    direct.metrics.store_call(O::NAME, true, started.elapsed());
                    return Ok(output);
                }
                Sent::Refused => tokio::time::sleep(pause()).await,
                Sent::Unanswered => {}
            }
            sent(request.by_sdk(Some(direct.deadline.saturating_sub(started.elapsed())))).await
        })
    }

    /// All that the short way takes, if it is known.
    fn short_way<O: Operation>(&self, request: &O) -> Option<(&Direct, Arc<Way>, &'static FrozenLayer, Input)> {
        let direct = self.direct.as_ref();
        Some((direct, direct.pathfinder.way()?, O::serde()?, request.input()?))
    }
}

impl Direct {
    async fn send<O: Operation>(&self, way: &Way, serde: &FrozenLayer, input: Input) -> Sent<O::Output> {
        let mut bag = ConfigBag::base();
        let request = serde.load::<SharedRequestSerializer>().and_then(|s| s.serialize_input(input, &mut bag).ok());
        let Some(request) = request.and_then(|request| way.prepare(request)) else { return Sent::Unanswered };
        self.metrics.store_attempt(O::NAME);
        call::asks_the_store();
        let exchange = async {
            let mut answer = self.connector.call(request).await.ok()?;
            let (status, headers) = (answer.status(), mem::take(answer.headers_mut()));
            let body = answer.into_body().collect().await.ok()?.to_bytes();
            let mut whole = HttpResponse::new(status, SdkBody::from(body));
            *whole.headers_mut() = headers;
            Some(whole)
        };
        let Ok(Some(answer)) = tokio::time::timeout(self.patience, exchange).await else { return Sent::Unanswered };
        if answer.status().as_u16() != 200 {
            return Sent::Refused;
        }
        O::read(&answer, &bag).map_or(Sent::Refused, Sent::Done)
    }
}

/// Any time up to [`PAUSE_MILLISECONDS`], so that those who were refused together do not come back together.
fn pause() -> Duration {
    let mut random = [u8::MAX];
    // Without random numbers it is the longest.
    getrandom::fill(&mut random).ok();
    Duration::from_micros(PAUSE_MILLISECONDS * 1000 * u64::from(random[0]) / u64::from(u8::MAX))
}
