//! Calls AWS services without their SDKs: signs one request, sends it, retries it, and returns the response as JSON
//! or XML.
//!
//! Knows hosts and protocols. The module of each service knows its operations.

use std::time::Duration;

use anyhow::Context;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Account, xml::Xml};
use crate::{http, timestamp};

const ATTEMPTS: u32 = 5;
const BACKOFF: Duration = Duration::from_millis(200);

/// A service that is called without its SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    Iam,
    Logs,
    Quotas,
    Ssm,
    Sts,
    Tagging,
}

/// An error response of an AWS service.
#[derive(Debug)]
pub(crate) struct AwsError {
    pub(crate) operation: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The service's error code, such as `ParameterNotFound`.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl std::fmt::Display for AwsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed with {} ({}): {}", self.operation, self.code, self.status, self.message)
    }
}

impl std::error::Error for AwsError {}

/// Returns the service's error code, if `error` is an [`AwsError`].
pub(crate) fn error_code(error: &anyhow::Error) -> Option<&str> {
    error.downcast_ref::<AwsError>().map(|error| error.code.as_str())
}

/// Calls an operation of a service that speaks JSON, and parses the response. An empty response is parsed as `null`.
///
/// Fails with an [`AwsError`] if the service returns one.
pub(crate) async fn json<T: DeserializeOwned>(
    account: &Account,
    service: Service,
    operation: &str,
    body: &Value,
) -> anyhow::Result<T> {
    let target = format!("{}.{operation}", service.target_prefix());
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    let response = call(account, service, operation, &headers, &body.to_string()).await?;
    let text = if response.is_empty() { "null" } else { &response };
    serde_json::from_str(text).with_context(|| format!("invalid response to {operation}"))
}

/// Calls an operation of a service that speaks the Query protocol.
///
/// Fails with an [`AwsError`] if the service returns one.
pub(crate) async fn query(
    account: &Account,
    service: Service,
    operation: &str,
    parameters: &[(&str, &str)],
) -> anyhow::Result<Xml> {
    let mut form = reqwest::Url::parse("http://form").context("cannot encode the parameters")?;
    form.query_pairs_mut()
        .append_pair("Action", operation)
        .append_pair("Version", service.version())
        .extend_pairs(parameters);
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let body = form.query().unwrap_or_default();
    call(account, service, operation, &headers, body).await.map(Xml::new)
}

impl Service {
    /// Returns the name in a signature's scope, which is also the first label of the host.
    fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Logs => "logs",
            Self::Quotas => "servicequotas",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
            Self::Tagging => "tagging",
        }
    }

    fn target_prefix(self) -> &'static str {
        match self {
            Self::Logs => "Logs_20140328",
            Self::Quotas => "ServiceQuotasV20190624",
            Self::Ssm => "AmazonSSM",
            Self::Tagging => "ResourceGroupsTaggingAPI_20170126",
            Self::Ec2 | Self::Iam | Self::Sts => "",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Ec2 => "2016-11-15",
            Self::Iam => "2010-05-08",
            Self::Sts => "2011-06-15",
            Self::Logs | Self::Quotas | Self::Ssm | Self::Tagging => "",
        }
    }

    /// Returns the service's URL and the region of its signatures.
    ///
    /// IAM has one endpoint for a partition, in the partition's first region. The other services have one in each
    /// region.
    fn address(self, region: &str) -> (String, String) {
        let chinese = region.starts_with("cn-");
        let suffix = if chinese { "amazonaws.com.cn" } else { "amazonaws.com" };
        match self {
            Self::Iam if chinese => (format!("https://iam.cn-north-1.{suffix}"), "cn-north-1".to_owned()),
            Self::Iam if region.starts_with("us-gov-") => {
                (format!("https://iam.us-gov.{suffix}"), "us-gov-west-1".to_owned())
            }
            Self::Iam => (format!("https://iam.{suffix}"), "us-east-1".to_owned()),
            _ => (format!("https://{}.{region}.{suffix}", self.name()), region.to_owned()),
        }
    }
}

async fn call(
    account: &Account,
    service: Service,
    operation: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> anyhow::Result<String> {
    let (address, scope) = service.address(account.region());
    let url = format!("{}/", account.config().endpoint_url().unwrap_or(&address).trim_end_matches('/'));
    let client = http::client(&url)?;
    let mut attempt = 1;
    loop {
        let request = sign_request(account, service.name(), &scope, &url, headers, body).await?;
        match send(&client, operation, request).await {
            Err(error) if attempt < ATTEMPTS && is_retryable(&error) => {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

async fn sign_request(
    account: &Account,
    service: &str,
    region: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> anyhow::Result<reqwest::Request> {
    let identity = account.credentials().await?.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(timestamp::system_now())
        .settings(SigningSettings::default())
        .build()
        .context("cannot sign the request")?
        .into();
    let signable = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()))
        .context("cannot sign the request")?;
    let (instructions, _) = sign(signable, &parameters).context("cannot sign the request")?.into_parts();
    let mut request = ::http::Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body.to_owned()).context("cannot build the request")?;
    instructions.apply_to_request_http1x(&mut request);
    reqwest::Request::try_from(request).context("cannot build the request")
}

async fn send(client: &reqwest::Client, operation: &str, request: reqwest::Request) -> anyhow::Result<String> {
    let response = client.execute(request).await.with_context(|| format!("cannot send {operation}"))?;
    let status = response.status();
    let text = response.text().await.with_context(|| format!("cannot read the response to {operation}"))?;
    if status.is_success() {
        return Ok(text);
    }
    let (code, message) = parse_error(&text);
    Err(AwsError { operation: operation.to_owned(), status: status.as_u16(), code, message }.into())
}

/// Returns the code and the message of an error response in either protocol.
fn parse_error(text: &str) -> (String, String) {
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let kind = json["__type"].as_str().or(json["code"].as_str()).unwrap_or("unknown");
        let message = json["message"].as_str().or(json["Message"].as_str()).unwrap_or_default();
        return (kind.rsplit('#').next().unwrap_or(kind).to_owned(), message.to_owned());
    }
    let xml = Xml::new(text.to_owned());
    (xml.text("Code").unwrap_or_else(|| "unknown".to_owned()), xml.text("Message").unwrap_or_default())
}

/// Returns whether the same request may succeed if it is sent again.
fn is_retryable(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<AwsError>() {
        Some(error) => {
            error.status >= 500
                || matches!(
                    error.code.as_str(),
                    "ThrottlingException" | "Throttling" | "RequestLimitExceeded" | "TooManyRequestsException"
                )
        }
        // An unresolved name or a refused connection will not recover within a second.
        None => error.downcast_ref::<reqwest::Error>().is_some_and(|error| !error.is_connect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_parsed_in_either_protocol() {
        let json = r#"{"__type":"com.amazon#ParameterNotFound","message":"gone"}"#;
        assert_eq!(parse_error(json), ("ParameterNotFound".to_owned(), "gone".to_owned()));
        let xml =
            "<ErrorResponse xmlns='x'><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        assert_eq!(parse_error(xml), ("AccessDenied".to_owned(), "no".to_owned()));
        assert_eq!(parse_error("nonsense").0, "unknown");
    }

    #[test]
    fn hosts_follow_the_partition() {
        assert_eq!(Service::Ssm.address("eu-west-1").0, "https://ssm.eu-west-1.amazonaws.com");
        assert_eq!(Service::Logs.address("cn-north-1").0, "https://logs.cn-north-1.amazonaws.com.cn");
        assert_eq!(Service::Iam.address("eu-west-1"), ("https://iam.amazonaws.com".to_owned(), "us-east-1".to_owned()));
    }
}
