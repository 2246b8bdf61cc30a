//! Counts and times every call to the table, at the one place all of them pass: an interceptor of the SDK.

use std::{cell::Cell, future::Future, sync::Arc, time::Instant};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
            FinalizerInterceptorContextRef,
        },
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::{box_error::BoxError, client::orchestrator::Metadata};
use aws_smithy_types::config_bag::{Storable, StoreReplace};

use super::{StoreError, error::ErrorBody};
use crate::telemetry::{Metrics, call};

tokio::task_local! {
    static LAST: Cell<Option<StoreError>>;
}

/// A request that failed, for those who have an answer to some failures.
pub(super) struct Refusal<E> {
    /// What the SDK says.
    pub(super) error: SdkError<E>,
    /// What the last attempt was refused for.
    last: Option<StoreError>,
}

/// What ends at the deadline is told by its last attempt: a table that throttled until then is throttling, not out of reach.
impl<E> From<Refusal<E>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(refusal: Refusal<E>) -> Self {
        match (Self::from(refusal.error), refusal.last) {
            (Self::Unreachable, Some(last)) => last,
            (kind, _) => kind,
        }
    }
}

/// Sends a request of the SDK.
pub(super) fn sent<T, E>(
    request: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, StoreError>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let attempt = attempted(request);
    async { attempt.await.map_err(StoreError::from) }
}

/// [`sent`], for those who look at the failure: it is neither logged nor classified.
///
/// The request is put into a box before anything is awaited: the SDK's are large, and whoever held one would copy it with
/// every layer that a call passes, also where the call never reaches the store. Polling them takes over a megabyte of stack
/// in an unoptimised build, besides.
pub(super) fn attempted<T, E>(
    request: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, Refusal<E>>> {
    let request = Box::pin(request);
    async {
        let attempt = async { (request.await, LAST.with(Cell::get)) };
        let (result, last) = LAST.scope(Cell::new(None), attempt).await;
        result.map_err(|error| Refusal { error, last })
    }
}

/// The operations that metrics tell apart: those of the tools, then those that make the table.
const LABELS: [&str; 10] = [
    "GetItem",
    "PutItem",
    "Query",
    "UpdateItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "CreateTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateTimeToLive",
];

/// Feeds [`Metrics`] and the current [`call::Call`].
#[derive(Debug)]
pub(super) struct Observer(pub(super) Arc<Metrics>);

#[derive(Debug)]
struct Started(Instant);

impl Storable for Started {
    type Storer = StoreReplace<Self>;
}

/// Whether the last attempt found a condition that did not hold. That is an answer, and no failure of the table.
#[derive(Debug)]
struct Unmet(bool);

impl Storable for Unmet {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "Observer"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(Started(Instant::now()));
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        call::asks_the_store();
        self.0.store_attempt(operation(bag));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response().filter(|answer| !answer.status().is_success());
        let refusal = answer.and_then(|answer| ErrorBody::read(answer.body().bytes()?));
        bag.interceptor_state().store_put(Unmet(refusal.as_ref().is_some_and(ErrorBody::is_unmet_condition)));
        LAST.try_with(|last| last.set(refusal.map(|refusal| StoreError::from_code(refusal.code())))).ok();
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Started(at)) = bag.load::<Started>() {
            let unmet = bag.load::<Unmet>().is_some_and(|unmet| unmet.0);
            let ok = unmet || context.output_or_error().is_some_and(|result| result.is_ok());
            self.0.store_call(operation(bag), ok, at.elapsed());
        }
        Ok(())
    }
}

/// The operation's name, as one of those that are known: a metric's label lives as long as the process.
fn operation(bag: &ConfigBag) -> &'static str {
    let name = bag.load::<Metadata>().map_or("", Metadata::name);
    LABELS.into_iter().find(|label| *label == name).unwrap_or("other")
}
