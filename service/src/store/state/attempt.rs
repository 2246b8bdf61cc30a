//! Sends a write once and classifies its outcome: executed, not executed, or unknown.
//!
//! The SDK would retry by itself and hide which of its attempts had which outcome, so its retries are off here. The
//! pauses between own attempts are jittered over their whole length
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).

use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{Config, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
};
use tokio::time::Instant;

use crate::store::{StoreError, observe::SdkFailure};

/// The upper bound of the first pause. It doubles with each pause, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(640);

/// A failed request, by its effect on the table.
pub(super) enum Failure<E> {
    /// A condition did not hold. The table is unchanged.
    Condition(E),
    /// The table rejected the request and may accept it later. The table is unchanged.
    Rejected(StoreError),
    /// The table may have executed the request.
    Unknown(StoreError),
    /// The table refuses the request. The table is unchanged.
    Refused(StoreError),
}

/// Returns settings of a request that the SDK sends once.
pub(super) fn without_retries() -> aws_sdk_dynamodb::config::Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

/// Classifies a failure other than a condition's.
///
/// A service error with a status below 500 proves that the table did not execute the request. A missing, broken or
/// late response and any 5xx prove nothing.
pub(super) fn classify<E, C>(failure: SdkFailure<E>) -> Failure<C>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let is_expired = matches!(failure.error.code(), Some("ExpiredTokenException" | "UnrecognizedClientException"));
    let is_definite = match &failure.error {
        SdkError::ServiceError(error) => error.raw().status().is_client_error(),
        SdkError::ConstructionFailure(_) => true,
        _ => false,
    };
    match StoreError::from(failure.error) {
        // Precedes the connection: there are no credentials to sign with.
        StoreError::Denied if !is_definite => Failure::Refused(StoreError::Denied),
        kind if !is_definite => Failure::Unknown(kind),
        // The next attempt signs with new credentials.
        StoreError::Denied if is_expired => Failure::Rejected(StoreError::Denied),
        StoreError::Throttled => Failure::Rejected(StoreError::Throttled),
        kind => Failure::Refused(kind),
    }
}

/// The pauses between the attempts of one call, until its deadline.
pub(crate) struct Pace {
    deadline: Instant,
    bound: Duration,
    rejections_for_credentials: u32,
}

impl Pace {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { deadline, bound: FIRST_PAUSE, rejections_for_credentials: 0 }
    }

    /// Waits before the next attempt. Returns false at once if the deadline comes first.
    pub(crate) async fn pause(&mut self) -> bool {
        let pause = self.bound.mul_f64(random_fraction());
        self.bound = (self.bound * 2).min(MAX_PAUSE);
        if Instant::now() + pause >= self.deadline {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    /// Waits after a rejection for `kind`. Returns false if another attempt is useless: new credentials are requested
    /// once.
    pub(super) async fn pause_after(&mut self, kind: StoreError) -> bool {
        self.rejections_for_credentials += u32::from(kind == StoreError::Denied);
        self.rejections_for_credentials < 3 && self.pause().await
    }
}

/// Returns a random number between 0 and 1. Without random numbers it is 1.
fn random_fraction() -> f64 {
    let mut random = [u8::MAX; 2];
    getrandom::fill(&mut random).ok();
    f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX)
}
