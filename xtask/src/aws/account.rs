//! Credentials, region and account, found by the SDK's default chain. Every call to AWS starts from an [`Account`].

use std::{ffi::OsString, time::Duration};

use anyhow::Context;
use aws_config::{Region, SdkConfig, identity::IdentityCache, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};

use super::{
    credentials::{CachedCredentials, Source},
    endpoint::{self, ServiceName},
    http::{self, AwsError, Service},
    partition::Partition,
};
use crate::error::ErrorExt;

/// The time limits of calls through the SDKs, which have no limit for a response of their own.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
/// The SDKs' default is 3.
const ATTEMPTS: u32 = 6;

/// The services that Terraform calls, by their ids and the ends of `AWS_ENDPOINT_URL_<SERVICE>`.
const SERVICES_OF_TERRAFORM: [(&str, &str); 9] = [
    ("CloudWatch Logs", "CLOUDWATCH_LOGS"),
    ("DynamoDB", "DYNAMODB"),
    ("EC2", "EC2"),
    ("ECS", "ECS"),
    ("IAM", "IAM"),
    ("S3", "S3"),
    ("Secrets Manager", "SECRETS_MANAGER"),
    ("SSM", "SSM"),
    ("STS", "STS"),
];

/// An AWS account and region, with credentials for them.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
    credentials: CachedCredentials,
    region: String,
    id: String,
    caller: String,
}

impl Account {
    /// Loads credentials and asks STS which account they belong to. The region is `region`, else that of the
    /// environment, the profile or the instance, else `default`.
    ///
    /// Fails without credentials, with credentials that AWS rejects, in an unsupported partition, and if AWS cannot be
    /// reached; each with a hint.
    pub(crate) async fn open(region: Option<&str>, default: &str) -> anyhow::Result<Self> {
        let source = Source::find().await?;
        let config = mcp_stateful::aws::load(region, Some(default)).await;
        let region = config.region().map_or_else(|| default.to_owned(), ToString::to_string);
        Partition::of_region(&region)?;
        let provider = config.credentials_provider().context("the SDK has no credentials provider")?;
        let credentials = CachedCredentials::new(source, provider);
        let config = configure(config, &region, credentials.clone());
        let mut account = Self { config, credentials, region, id: String::new(), caller: String::new() };
        account.credentials().await?;
        let identity = http::query(&account, Service::Sts, "GetCallerIdentity", &[]).await;
        let identity = identity.map_err(|error| explain(error, &account.region, account.credentials.source()))?;
        account.id = identity.text("Account").context("STS returned no account")?;
        account.caller = identity.text("Arn").context("STS returned no caller ARN")?;
        Ok(account)
    }

    /// Returns the configuration for the SDK's clients.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Returns the account's id: twelve digits.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the ARN of the user or role that owns the credentials.
    pub(crate) fn caller(&self) -> &str {
        &self.caller
    }

    /// Returns credentials that are valid now.
    pub(super) async fn credentials(&self) -> anyhow::Result<Credentials> {
        self.credentials.get().await
    }

    /// Returns the variables by which Terraform acts as this account's caller, at the endpoints that are called here
    /// too, and the variables that it must not inherit.
    pub(crate) async fn environment_of_terraform(&self) -> anyhow::Result<(Vec<(String, String)>, Vec<OsString>)> {
        let (credentials, unset) = self.credentials.environment_of_terraform().await?;
        let mut set: Vec<(String, String)> =
            credentials.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut add = |name: String, value: Option<String>| set.extend(value.map(|value| (name, value)));
        let on = |flag: Option<bool>| flag.filter(|on| *on).map(|_| "true".to_owned());
        // A profile can set all of these, and Terraform does not know the profile.
        add("AWS_USE_FIPS_ENDPOINT".to_owned(), on(self.config.use_fips()));
        add("AWS_USE_DUALSTACK_ENDPOINT".to_owned(), on(self.config.use_dual_stack()));
        for (id, variable) in SERVICES_OF_TERRAFORM {
            let url = endpoint::configured(&self.config, ServiceName { host: "", id });
            add(format!("AWS_ENDPOINT_URL_{variable}"), url);
        }
        Ok((set, unset.into_iter().map(OsString::from).collect()))
    }
}

/// Adds the region, the cached credentials and the time limits.
fn configure(config: SdkConfig, region: &str, credentials: CachedCredentials) -> SdkConfig {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    config
        .into_builder()
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        // The provider caches.
        .identity_cache(IdentityCache::no_cache())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .build()
}

fn explain(error: anyhow::Error, region: &str, source: &Source) -> anyhow::Error {
    let code = error.downcast_ref::<AwsError>().map(|error| error.code.clone());
    let words = source.words();
    let (what, hint) = match code.as_deref() {
        Some("ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => {
            (format!("the credentials of {words} have expired"), source.renewal())
        }
        Some(_) => (
            format!("AWS rejected the credentials of {words}"),
            format!("{}; check this machine's clock, and that the account has enabled {region}", source.renewal()),
        ),
        None => (
            format!("cannot reach AWS in region {region}"),
            "check the network connection, the proxy if there is one, and the region's name; set another with --region"
                .to_owned(),
        ),
    };
    error.context(what).hint(hint)
}
