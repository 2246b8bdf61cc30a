//! Calls AWS services without their SDKs: signs one request, sends it, retries it, and returns the response as JSON
//! or XML.
//!
//! Knows protocols; [`endpoint`] knows hosts. The module of each service knows its operations.

use std::time::Duration;

use anyhow::Context;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Account,
    endpoint::{self, ServiceName},
    xml::Xml,
};
use crate::{http, timestamp};

/// The longest wait for one response, as in botocore. CloudWatch takes tens of seconds to filter a large log group.
const TIMEOUT: Duration = Duration::from_mins(1);
const ATTEMPTS: u32 = 5;
/// A throttled call may have to wait for other clients of the account.
const THROTTLED_ATTEMPTS: u32 = 8;
/// A call that took a minute is not repeated for minutes.
const TIMED_OUT_ATTEMPTS: u32 = 2;
const BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// The codes by which services throttle, in addition to those that contain "Throttl". The list is that of the SDKs
/// (`aws_runtime::retries::classifiers::THROTTLING_ERRORS`).
const THROTTLING: [&str; 7] = [
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequestsException",
];

/// A service that is called without its SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    Iam,
    Logs,
    Quotas,
    SecretsManager,
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
    /// Returns the names by which the service is addressed. The first is also the one in a signature's scope.
    fn name(self) -> ServiceName {
        let (host, id) = match self {
            Self::Ec2 => ("ec2", "EC2"),
            Self::Iam => ("iam", "IAM"),
            Self::Logs => ("logs", "CloudWatch Logs"),
            Self::Quotas => ("servicequotas", "Service Quotas"),
            Self::SecretsManager => ("secretsmanager", "Secrets Manager"),
            Self::Ssm => ("ssm", "SSM"),
            Self::Sts => ("sts", "STS"),
            Self::Tagging => ("tagging", "Resource Groups Tagging API"),
        };
        ServiceName { host, id }
    }

    fn target_prefix(self) -> &'static str {
        match self {
            Self::Logs => "Logs_20140328",
            Self::Quotas => "ServiceQuotasV20190624",
            Self::SecretsManager => "secretsmanager",
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
            Self::Logs | Self::Quotas | Self::SecretsManager | Self::Ssm | Self::Tagging => "",
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
    let endpoint = endpoint::resolve(account.config(), service.name(), account.region())?;
    let url = format!("{}/", endpoint.url);
    let client = http::client_with_timeout(&url, TIMEOUT)?;
    let mut attempt = 1;
    loop {
        let request = sign_request(account, service.name().host, &endpoint.region, &url, headers, body).await?;
        match send(&client, operation, request).await {
            Err(error) if attempt < attempts(&error) => {
                tokio::time::sleep(MAX_BACKOFF.min(BACKOFF * 2_u32.pow(attempt))).await;
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

/// Returns how often a request that failed so is sent in all.
fn attempts(error: &anyhow::Error) -> u32 {
    if let Some(error) = error.downcast_ref::<AwsError>() {
        return match error {
            error if error.is_throttled() => THROTTLED_ATTEMPTS,
            AwsError { status: 500.., .. } => ATTEMPTS,
            _ => 1,
        };
    }
    match error.downcast_ref::<reqwest::Error>() {
        // An unresolved name or a refused connection will not recover within a second.
        Some(error) if error.is_connect() => 1,
        Some(error) if error.is_timeout() => TIMED_OUT_ATTEMPTS,
        Some(_) => ATTEMPTS,
        None => 1,
    }
}

impl AwsError {
    /// Returns whether AWS rejected the call because of too many others.
    pub(crate) fn is_throttled(&self) -> bool {
        self.status == 429 || self.code.contains("Throttl") || THROTTLING.contains(&self.code.as_str())
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
    fn throttling_is_retried_by_any_name() {
        let attempts = |status, code: &str| {
            let code = code.to_owned();
            attempts(&AwsError { operation: String::new(), status, code, message: String::new() }.into())
        };
        for code in [
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "EC2ThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "SlowDown",
            "ProvisionedThroughputExceededException",
            "LimitExceededException",
        ] {
            assert_eq!(attempts(400, code), THROTTLED_ATTEMPTS, "{code}");
        }
        assert_eq!(attempts(500, "InternalFailure"), ATTEMPTS);
        assert_eq!(attempts(400, "AccessDeniedException"), 1);
    }
}
