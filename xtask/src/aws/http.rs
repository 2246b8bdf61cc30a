//! Calls of AWS services that we link no SDK for: one request, signed, sent, retried, and its answer as JSON or XML.
//!
//! Knows hosts and protocols. What an operation means is for the file of its service.

use std::time::Duration;

use anyhow::Context;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde_json::Value;

use super::Account;
use crate::{http, timestamp};

const ATTEMPTS: u32 = 5;
const BACKOFF: Duration = Duration::from_millis(200);

/// A service without an SDK here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    Iam,
    Logs,
    Ssm,
    Sts,
    Tagging,
}

/// What a service said instead of doing it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) operation: String,
    pub(crate) status: u16,
    /// The service's own name for it, such as `ParameterNotFound`.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} was refused with {} ({}): {}", self.operation, self.code, self.status, self.message)
    }
}

impl std::error::Error for Refused {}

/// The code with which a service refused, if that is what the error is.
pub(crate) fn code(error: &anyhow::Error) -> Option<&str> {
    error.downcast_ref::<Refused>().map(|refused| refused.code.as_str())
}

/// Calls an operation of a service that speaks JSON.
pub(crate) async fn json(account: &Account, service: Service, operation: &str, body: &Value) -> anyhow::Result<Value> {
    let target = format!("{}.{operation}", service.target_prefix());
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    let answer = call(account, service, operation, &headers, &body.to_string()).await?;
    if answer.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&answer).with_context(|| format!("cannot read the answer to {operation}"))
}

/// Calls an operation of a service that speaks the Query protocol.
pub(crate) async fn query(
    account: &Account,
    service: Service,
    operation: &str,
    parameters: &[(String, String)],
) -> anyhow::Result<Xml> {
    let mut form = reqwest::Url::parse("http://form").context("cannot write a form")?;
    form.query_pairs_mut()
        .append_pair("Action", operation)
        .append_pair("Version", service.version())
        .extend_pairs(parameters);
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let body = form.query().unwrap_or_default();
    call(account, service, operation, &headers, body).await.map(Xml)
}

/// An answer in XML.
#[derive(Debug)]
pub(crate) struct Xml(String);

impl Xml {
    /// The text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// The texts of all elements of this name, in their order.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let Ok(document) = roxmltree::Document::parse(&self.0) else { return Vec::new() };
        let named = document.descendants().filter(|node| node.has_tag_name(name) || node.tag_name().name() == name);
        named.filter_map(|node| node.text()).map(str::to_owned).collect()
    }

    /// The document, for answers whose elements have to be kept together.
    pub(crate) fn parse(&self) -> anyhow::Result<roxmltree::Document<'_>> {
        roxmltree::Document::parse(&self.0).context("cannot read AWS's answer")
    }
}

impl Service {
    /// The name in a signature's scope, and the first part of the host.
    fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Logs => "logs",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
            Self::Tagging => "tagging",
        }
    }

    fn target_prefix(self) -> &'static str {
        match self {
            Self::Logs => "Logs_20140328",
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
            Self::Logs | Self::Ssm | Self::Tagging => "",
        }
    }

    /// IAM has one endpoint for a whole partition, in that partition's first region; the others have one for each region.
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
        let request = signed(account, service.name(), &scope, &url, headers, body).await?;
        match send(&client, operation, request).await {
            Err(error) if attempt < ATTEMPTS && passes(&error) => {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

async fn signed(
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
        .context("cannot sign a request")?
        .into();
    let signable = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()))
        .context("cannot sign a request")?;
    let (instructions, _) = sign(signable, &parameters).context("cannot sign a request")?.into_parts();
    let mut request = ::http::Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body.to_owned()).context("cannot write a request")?;
    instructions.apply_to_request_http1x(&mut request);
    reqwest::Request::try_from(request).context("cannot write a request")
}

async fn send(client: &reqwest::Client, operation: &str, request: reqwest::Request) -> anyhow::Result<String> {
    let answer = client.execute(request).await.with_context(|| format!("{operation} cannot be sent"))?;
    let status = answer.status();
    let text = answer.text().await.with_context(|| format!("the answer to {operation} cannot be read"))?;
    if status.is_success() {
        return Ok(text);
    }
    let (code, message) = refusal(&text);
    Err(Refused { operation: operation.to_owned(), status: status.as_u16(), code, message }.into())
}

/// The code and the message of a refusal, in either protocol.
fn refusal(text: &str) -> (String, String) {
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let kind = json["__type"].as_str().or(json["code"].as_str()).unwrap_or("unknown");
        let message = json["message"].as_str().or(json["Message"].as_str()).unwrap_or_default();
        return (kind.rsplit('#').next().unwrap_or(kind).to_owned(), message.to_owned());
    }
    let xml = Xml(text.to_owned());
    (xml.text("Code").unwrap_or_else(|| "unknown".to_owned()), xml.text("Message").unwrap_or_default())
}

/// Whether asking again may help.
fn passes(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Refused>() {
        Some(refused) => {
            refused.status >= 500
                || matches!(
                    refused.code.as_str(),
                    "ThrottlingException" | "Throttling" | "RequestLimitExceeded" | "TooManyRequestsException"
                )
        }
        // A name that does not resolve or a refused connection does not mend itself in a second.
        None => error.downcast_ref::<reqwest::Error>().is_some_and(|error| !error.is_connect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_either_protocol() {
        let json = r#"{"__type":"com.amazon#ParameterNotFound","message":"gone"}"#;
        assert_eq!(refusal(json), ("ParameterNotFound".to_owned(), "gone".to_owned()));
        let xml =
            "<ErrorResponse xmlns='x'><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        assert_eq!(refusal(xml), ("AccessDenied".to_owned(), "no".to_owned()));
        assert_eq!(refusal("nonsense").0, "unknown");
    }

    #[test]
    fn hosts_follow_the_partition() {
        assert_eq!(Service::Ssm.address("eu-west-1").0, "https://ssm.eu-west-1.amazonaws.com");
        assert_eq!(Service::Logs.address("cn-north-1").0, "https://logs.cn-north-1.amazonaws.com.cn");
        assert_eq!(Service::Iam.address("eu-west-1"), ("https://iam.amazonaws.com".to_owned(), "us-east-1".to_owned()));
    }
}
