//! Counts and times every call that goes through the SDK, in an interceptor, and classifies its failure.

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
    /// The kind of the last attempt's rejection.
    static LAST_ATTEMPT: Cell<Option<StoreError>>;
}

/// A failed SDK request, for callers that handle some failures themselves.
pub(super) struct SdkFailure<E> {
    /// The SDK's error.
    pub(super) error: SdkError<E>,
    /// The kind of the last attempt's rejection, if the table sent one.
    last_attempt: Option<StoreError>,
}

/// Classifies a call that ends at its deadline by its last attempt: a table that throttled until then is throttling,
/// not unreachable.
impl<E> From<SdkFailure<E>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(failure: SdkFailure<E>) -> Self {
        match (Self::from(failure.error), failure.last_attempt) {
            (Self::Unreachable, Some(kind)) => kind,
            (kind, _) => kind,
        }
    }
}

/// Awaits an SDK request, and logs and classifies its failure.
pub(super) fn classified<T, E>(
    request: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, StoreError>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let request = observed(request);
    async { request.await.map_err(StoreError::from) }
}

/// Awaits an SDK request. Unlike [`classified`] it returns the SDK's own error and does not log it.
///
/// The request is boxed before the first await. The SDK's futures are large, and every layer above would copy one, even
/// in calls that never reach the store. In an unoptimised build, polling an unboxed one takes over a megabyte of stack.
pub(super) fn observed<T, E>(
    request: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, SdkFailure<E>>> {
    let request = Box::pin(request);
    async {
        let attempts = async { (request.await, LAST_ATTEMPT.with(Cell::get)) };
        let (result, last_attempt) = LAST_ATTEMPT.scope(Cell::new(None), attempts).await;
        result.map_err(|error| SdkFailure { error, last_attempt })
    }
}

/// The values of the metrics' `operation` label: the tools' operations, then those that create the table.
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

/// Feeds [`Metrics`] and the current [`call::CallContext`].
#[derive(Debug)]
pub(super) struct Observer(pub(super) Arc<Metrics>);

/// The start of the call.
#[derive(Debug)]
struct Started(Instant);

impl Storable for Started {
    type Storer = StoreReplace<Self>;
}

/// True if the last attempt failed an item's condition, which is a result and not a failure of the table.
#[derive(Debug)]
struct ConditionFailed(bool);

impl Storable for ConditionFailed {
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
        call::count_store_request();
        self.0.store_attempt(operation(bag));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let rejection = context.response().filter(|response| !response.status().is_success());
        let rejection = rejection.and_then(|response| ErrorBody::parse(response.body().bytes()?));
        let condition_failed = rejection.as_ref().is_some_and(ErrorBody::is_failed_condition);
        bag.interceptor_state().store_put(ConditionFailed(condition_failed));
        LAST_ATTEMPT.try_with(|last| last.set(rejection.map(|rejection| StoreError::from_code(rejection.code())))).ok();
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Started(at)) = bag.load::<Started>() {
            let condition_failed = bag.load::<ConditionFailed>().is_some_and(|failed| failed.0);
            let ok = condition_failed || context.output_or_error().is_some_and(|result| result.is_ok());
            self.0.store_call(operation(bag), ok, at.elapsed());
        }
        Ok(())
    }
}

/// Returns the operation's name, or `other` for an unlisted one: a metric's labels live as long as the process.
fn operation(bag: &ConfigBag) -> &'static str {
    let name = bag.load::<Metadata>().map_or("", Metadata::name);
    LABELS.into_iter().find(|label| *label == name).unwrap_or("other")
}
