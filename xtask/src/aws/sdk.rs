//! Errors of AWS's SDKs in the form that `signed` gives its own: with the service's code and message in their text.

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use super::http::Refused;

/// What the service said, or why it could not be asked. The SDK's own text leaves out code and message of an error that is
/// not in its model, such as `AccessDeniedException`.
pub(super) fn failed<E>(operation: &str, error: SdkError<E, HttpResponse>) -> anyhow::Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let said = error.as_service_error().and_then(|said| Some((said.code()?.to_owned(), said.message())));
    let Some((code, message)) = said else { return error.into() };
    let message = message.unwrap_or("it said no more").to_owned();
    Refused { operation: operation.to_owned(), status, code, message }.into()
}
