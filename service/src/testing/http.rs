//! Requests over sockets, sent with hyper's client, which the store's SDK is built on as well.

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use super::{CallError, Response};

/// A client with a pool of connections.
#[derive(Debug, Clone)]
pub(super) struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    pub(super) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build(HttpConnector::new()))
    }

    /// Posts a JSON body and reads the response.
    pub(super) async fn post(
        &self,
        uri: &Uri,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Result<Response, CallError> {
        let request = Request::post(uri).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let request = request.body(Full::new(body.to_string().into())).expect("the headers are valid");
        let no_response = |error: &dyn std::error::Error| CallError::NoResponse(explain(error));
        let response = self.0.request(request).await.map_err(|error| match error.is_connect() {
            true => CallError::NotSent(explain(&error)),
            false => no_response(&error),
        })?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| no_response(&error))?.to_bytes();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Ok(Response { status, body })
    }
}

/// Joins an error and its causes.
fn explain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
