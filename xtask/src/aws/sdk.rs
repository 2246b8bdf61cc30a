//! Converts errors of the AWS SDKs into [`AwsError`], so that every AWS error carries its code and message.

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use super::http::AwsError;

/// Returns the service's error as an [`AwsError`], or the SDK's own error if the service was not reached. The SDK's
/// text omits code and message of errors that its model does not list, such as `AccessDeniedException`.
pub(super) fn failed<E>(operation: &str, error: SdkError<E, HttpResponse>) -> anyhow::Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let service = error.as_service_error().and_then(|error| Some((error.code()?.to_owned(), error.message())));
    let Some((code, message)) = service else { return error.into() };
    let message = message.unwrap_or("no message").to_owned();
    AwsError { operation: operation.to_owned(), status, code, message }.into()
}
