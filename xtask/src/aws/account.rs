//! Credentials, region and account, found by the SDK's default chain. Every call to AWS starts from an [`Account`].

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use anyhow::{Context, anyhow};

use super::http::{self, AwsError, Service};
use crate::error::ErrorExt;

/// An AWS account and region, with credentials for them.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
    region: String,
    id: String,
    caller: String,
}

impl Account {
    /// Loads credentials and asks STS which account they belong to. The region is `region`, else that of the
    /// environment or the profile, else `default`.
    ///
    /// Fails without credentials, with credentials that AWS rejects, and if AWS cannot be reached; each with a hint.
    pub(crate) async fn open(region: Option<&str>, default: &str) -> anyhow::Result<Self> {
        let config = load(region, default).await;
        let region = config.region().map_or_else(|| default.to_owned(), ToString::to_string);
        let mut account = Self { config, region, id: String::new(), caller: String::new() };
        account.credentials().await?;
        let identity = http::query(&account, Service::Sts, "GetCallerIdentity", &[]).await;
        let identity = identity.map_err(|error| explain(error, &account.region))?;
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

    /// Returns credentials that are valid now. The SDK renews them when they expire.
    pub(super) async fn credentials(&self) -> anyhow::Result<Credentials> {
        let provider = self.config.credentials_provider().context("the SDK has no credentials provider")?;
        provider.provide_credentials().await.map_err(|error| match error {
            CredentialsError::CredentialsNotLoaded(_) => anyhow!("no AWS credentials were found"),
            error => anyhow::Error::new(error).context("cannot load the AWS credentials"),
        })
        .hint("log in with `aws sso login` or `aws configure`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    }
}

async fn load(region: Option<&str>, default: &str) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let loader = || ConfigLoader::default().behavior_version(BehaviorVersion::latest()).http_client(http.clone());
    if let Some(region) = region {
        return loader().region(Region::new(region.to_owned())).load().await;
    }
    let config = loader().load().await;
    match config.region() {
        Some(_) => config,
        None => config.into_builder().region(Region::new(default.to_owned())).build(),
    }
}

fn explain(error: anyhow::Error, region: &str) -> anyhow::Error {
    let code = error.downcast_ref::<AwsError>().map(|error| error.code.clone());
    let (what, hint) = match code.as_deref() {
        Some("ExpiredToken" | "ExpiredTokenException") => {
            ("the AWS credentials have expired".to_owned(), "log in again, such as with `aws sso login`".to_owned())
        }
        Some(_) => (
            "AWS rejected the credentials".to_owned(),
            "check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and this machine's clock".to_owned(),
        ),
        None => (
            format!("cannot reach AWS in region {region}"),
            "check the network connection and the region's name; set another with --region".to_owned(),
        ),
    };
    error.context(what).hint(hint)
}
