//! The kinds of store failure, with texts that clients may read. The backend's own text goes to the log only.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction},
};
use aws_smithy_types::retry::ErrorKind;

use crate::telemetry::targets;

/// The embedded store's error code for a full disk. DynamoDB has none.
pub(super) const NO_SPACE: &str = "NoSpaceLeft";
/// The embedded store's error code for a damaged file.
pub(super) const FILE_DAMAGED: &str = "FileDamaged";

/// A store call that failed after its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The table rejected requests as over its throughput, or because of concurrent changes, until the deadline.
    #[error("the store is throttling requests")]
    Throttled,
    /// No connection or no response until the deadline.
    #[error("the store cannot be reached")]
    Unreachable,
    /// The table does not exist.
    #[error("the store's table does not exist")]
    TableMissing,
    /// Credentials are missing or expired, or the policy does not allow the operation.
    #[error("the server is not permitted to use the store")]
    Denied,
    /// The disk under the embedded store is full.
    #[error("the store has no space left")]
    Full,
    /// The embedded store's file is damaged.
    #[error("the store's file is damaged")]
    Damaged,
    /// The store reported another failure.
    #[error("the store failed")]
    Failed,
}

impl StoreError {
    /// Returns the kind as a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::TableMissing => "table_missing",
            Self::Denied => "denied",
            Self::Full => "full",
            Self::Damaged => "damaged",
            Self::Failed => "failed",
        }
    }

    /// Maps an error code to its kind. The codes are those of "Error handling with DynamoDB" in the DynamoDB Developer
    /// Guide and of the AWS common errors.
    pub(super) fn from_code(code: &str) -> Self {
        match code {
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "Throttling"
            | "TooManyRequestsException"
            | "LimitExceededException"
            | "TransactionConflictException"
            | "TransactionInProgressException"
            | "ReplicatedWriteConflictException" => Self::Throttled,
            "ResourceNotFoundException" => Self::TableMissing,
            "AccessDeniedException"
            | "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "InvalidSignatureException"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignatureException"
            | "NotAuthorized" => Self::Denied,
            NO_SPACE => Self::Full,
            FILE_DAMAGED => Self::Damaged,
            "ServiceUnavailable" | "InternalServerError" => Self::Unreachable,
            _ => Self::Failed,
        }
    }

    /// Returns the suggested action: the client's where it can act, the operator's otherwise.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Throttled => "wait a few seconds and call again",
            Self::Unreachable | Self::Failed => "call again later; operators find the cause in the server's log",
            Self::TableMissing => "ask the operator to run `mcp-stateful create-table` or `cargo xtask deploy`",
            Self::Full => "ask the operator to free disk space for the server",
            Self::Damaged => "ask the operator to restore a backup with `mcp-stateful restore`",
            Self::Denied => "ask the operator to check the server's AWS credentials and policy",
        }
    }
}

impl<E> From<SdkError<E>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let kind = classify(&error);
        tracing::warn!(target: targets::STORE, kind = kind.label(), error = chain(&error), "store call failed");
        kind
    }
}

/// The JSON body of a rejected request.
pub(super) struct ErrorBody(serde_json::Value);

impl ErrorBody {
    /// Parses the body, or returns `None` if it is not JSON or has no code.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        body["__type"].is_string().then_some(Self(body))
    }

    /// Returns the code, which is the part of `__type` behind `#`.
    pub(super) fn code(&self) -> &str {
        self.0["__type"].as_str().and_then(|kind| kind.rsplit('#').next()).unwrap_or_default()
    }

    /// Returns true if the condition of a write, or of one in a transaction, did not hold. The table then worked as
    /// requested.
    pub(super) fn is_failed_condition(&self) -> bool {
        let reasons = self.0["CancellationReasons"].as_array().into_iter().flatten();
        self.code() == "ConditionalCheckFailedException"
            || reasons.into_iter().any(|reason| reason["Code"] == "ConditionalCheckFailed")
    }
}

/// Retries a write that met another transaction on the same item. DynamoDB recommends it
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>), but the SDK's own list
/// of retried codes lacks this one.
#[derive(Debug)]
pub(super) struct ConflictClassifier;

impl ClassifyRetry for ConflictClassifier {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| ErrorBody::parse(response.body().bytes()?));
        match body {
            Some(body) if body.code() == "TransactionConflictException" => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "ConflictClassifier"
    }
}

/// Formats the error and its causes. Its `Debug` is not used because it quotes the response body, and so notes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn classify<E: ProvideErrorMetadata>(error: &SdkError<E>) -> StoreError {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => StoreError::Unreachable,
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => StoreError::Unreachable,
        SdkError::DispatchFailure(failure) => match failure.as_other() {
            // A broken connection. The embedded store's connector reports its own defects as other kinds.
            Some(ErrorKind::TransientError) => StoreError::Unreachable,
            Some(_) => StoreError::Failed,
            None if failure.is_user() => StoreError::Failed,
            // The failure precedes the connection: there are no credentials to sign with.
            None => StoreError::Denied,
        },
        SdkError::ServiceError(_) => error.code().map_or(StoreError::Failed, StoreError::from_code),
        _ => StoreError::Failed,
    }
}
