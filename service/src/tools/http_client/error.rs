//! The errors of requests, as the client of a tool call sees them. They never contain a URL, whose query may be secret.

use std::{error::Error, iter, net::IpAddr};

use crate::{telemetry::targets, tools::ToolError};

/// The reasons for which a request is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("requests to {address} are forbidden, which is a {kind} address; use a public one")]
    Address { address: IpAddr, kind: &'static str },
    #[error("URLs with `{0}:` are forbidden; use https or http")]
    Scheme(String),
    #[error("the request was redirected more than {0} times")]
    Redirects(usize),
}

impl From<Refused> for ToolError {
    fn from(refused: Refused) -> Self {
        Self::Invalid(refused.to_string())
    }
}

/// Converts the error of a request, so that a tool can use `?`. The log has the causes.
impl From<reqwest::Error> for ToolError {
    fn from(error: reqwest::Error) -> Self {
        if let Some(refused) = causes(&error).find_map(|cause| cause.downcast_ref::<Refused>()) {
            return refused.clone().into();
        }
        let host = error.url().and_then(|url| url.host_str()).unwrap_or("the service").to_owned();
        let status = error.status();
        let error = error.without_url();
        let chain: Vec<String> = causes(&error).map(ToString::to_string).collect();
        tracing::warn!(target: targets::TOOL_ERROR, host, error = chain.join(": "), "request failed");
        Self::Failed(match status {
            Some(status) => format!("{host} returned status {status}"),
            None if error.is_timeout() => format!("{host} did not respond in time; try again"),
            None if error.is_connect() => format!("cannot connect to {host}; try again"),
            None if error.is_decode() => format!("the response of {host} is not of the expected form"),
            None => format!("the request to {host} failed"),
        })
    }
}

/// Returns an error and its causes.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| <&'a (dyn Error + 'static)>::clone(error).source())
}
