//! Who we are on AWS: credentials, region and account, by the SDK's own chain. Everything else here starts from it.

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use anyhow::{Context, anyhow};

use super::http::{self, Refused, Service};
use crate::error::ErrorExt;

/// An account, and a region of it, that we have credentials for.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
    region: String,
    id: String,
    caller: String,
}

impl Account {
    /// Finds credentials and asks AWS whose they are. The region is the one given, else the environment's or the
    /// profile's, else `default`.
    pub(crate) async fn open(region: Option<&str>, default: &str) -> anyhow::Result<Self> {
        let config = load(region, default).await;
        let region = config.region().map_or_else(|| default.to_owned(), ToString::to_string);
        let mut account = Self { config, region, id: String::new(), caller: String::new() };
        account.credentials().await?;
        let answer = http::query(&account, Service::Sts, "GetCallerIdentity", &[]).await;
        let answer = answer.map_err(|error| explain(error, &account.region))?;
        account.id = answer.text("Account").context("STS named no account")?;
        account.caller = answer.text("Arn").context("STS named no caller")?;
        Ok(account)
    }

    /// What the SDK's clients are made from.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Twelve digits.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The ARN of the user or role whose credentials these are.
    pub(crate) fn caller(&self) -> &str {
        &self.caller
    }

    /// Credentials that are valid now; the SDK renews them when they have run out.
    pub(super) async fn credentials(&self) -> anyhow::Result<Credentials> {
        let provider = self.config.credentials_provider().context("the SDK has no credentials provider")?;
        provider.provide_credentials().await.map_err(|error| match error {
            CredentialsError::CredentialsNotLoaded(_) => anyhow!("no AWS credentials were found"),
            error => anyhow::Error::new(error).context("the AWS credentials cannot be used"),
        })
        .hint("log in (`aws sso login`, `aws configure`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
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
    let refused = error.downcast_ref::<Refused>().map(|refused| refused.code.clone());
    let (what, hint) = match refused.as_deref() {
        Some("ExpiredToken" | "ExpiredTokenException") => {
            ("the AWS credentials have expired".to_owned(), "log in again, for example with `aws sso login`".to_owned())
        }
        Some(_) => (
            "AWS does not accept the credentials".to_owned(),
            "check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and this machine's clock".to_owned(),
        ),
        None => (
            format!("AWS cannot be reached in region {region}"),
            format!("is {region} a region, and is this machine online? --region names another"),
        ),
    };
    error.context(what).hint(hint)
}
