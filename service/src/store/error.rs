//! What can be wrong with the store, in words that a client may read. What the backend said goes to the log only.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_types::retry::ErrorKind;

/// The embedded store's own code; DynamoDB knows no full disk.
pub(super) const NO_SPACE: &str = "NoSpaceLeft";

/// A store call that failed after its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More requests than the table admits, until the deadline.
    #[error("the store is throttling requests")]
    Throttled,
    /// No connection, or no answer, until the deadline.
    #[error("the store cannot be reached")]
    Unreachable,
    /// The table is not there.
    #[error("the store's table does not exist")]
    TableMissing,
    /// No credentials, expired ones, or a policy that leaves an operation out.
    #[error("the server is not permitted to use the store")]
    Denied,
    /// The disk under the embedded store is full.
    #[error("the store has no space left")]
    Full,
    /// The store answered with a failure of its own.
    #[error("the store failed")]
    Failed,
}

impl StoreError {
    /// The kind as a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::TableMissing => "table_missing",
            Self::Denied => "denied",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }

    /// The kind that a refusal's code stands for.
    pub(super) fn from_code(code: &str) -> Self {
        classify_code(code)
    }

    /// What the one who runs the server does about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Throttled => "wait a few seconds and call again",
            Self::Unreachable | Self::Failed => "call again later; the operator finds the cause in the server's log",
            Self::TableMissing => "the operator creates it with `mcp-stateful create-table` or `cargo xtask deploy`",
            Self::Full => "the operator makes room on the disk",
            Self::Denied => "the operator checks the server's credentials and its policy",
        }
    }
}

impl<E> From<SdkError<E>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let kind = classify(&error);
        tracing::warn!(kind = kind.label(), error = chain(&error), "store call failed");
        kind
    }
}

/// A refusal's JSON body, as far as it is decided by.
pub(super) struct ErrorBody(serde_json::Value);

impl ErrorBody {
    /// Nothing if it is none: not JSON, or without a code.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        body["__type"].is_string().then_some(Self(body))
    }

    /// The code: the end of `__type`.
    pub(super) fn code(&self) -> &str {
        self.0["__type"].as_str().and_then(|kind| kind.rsplit('#').next()).unwrap_or_default()
    }

    /// Whether a condition did not hold, of a single write or of one in a transaction. The table did what it was asked then.
    pub(super) fn is_unmet_condition(&self) -> bool {
        let reasons = self.0["CancellationReasons"].as_array().into_iter().flatten();
        self.code() == "ConditionalCheckFailedException"
            || reasons.into_iter().any(|reason| reason["Code"] == "ConditionalCheckFailed")
    }
}

/// The error and its causes. Not its `Debug`, which quotes the answer's body, and so notes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn classify<E: ProvideErrorMetadata>(error: &SdkError<E>) -> StoreError {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => StoreError::Unreachable,
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => StoreError::Unreachable,
        SdkError::DispatchFailure(failure) => match failure.as_other() {
            // A connection that broke, and what a connector calls an error of its own.
            Some(ErrorKind::TransientError) => StoreError::Unreachable,
            Some(_) => StoreError::Failed,
            None if failure.is_user() => StoreError::Failed,
            // What fails before there is a connection: no credentials to sign with.
            None => StoreError::Denied,
        },
        SdkError::ServiceError(_) => error.code().map_or(StoreError::Failed, classify_code),
        _ => StoreError::Failed,
    }
}

/// Codes from DynamoDB's "Error handling" chapter and from AWS's common errors.
fn classify_code(code: &str) -> StoreError {
    match code {
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" | "Throttling" => {
            StoreError::Throttled
        }
        "ResourceNotFoundException" => StoreError::TableMissing,
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException"
        | "NotAuthorized" => StoreError::Denied,
        NO_SPACE => StoreError::Full,
        "ServiceUnavailable" | "InternalServerError" => StoreError::Unreachable,
        _ => StoreError::Failed,
    }
}
