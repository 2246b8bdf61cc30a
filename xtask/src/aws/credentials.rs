//! The credentials of one command. They are resolved once, renewed before they expire, and used by everything that
//! calls AWS: the SDK's clients, the calls that are signed here, and Terraform. So all of them act as the same
//! identity.

mod explain;
mod source;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use tokio::sync::Mutex;

pub(super) use self::source::Source;
use crate::{
    environment,
    process::identity::{self, Identity, Request},
    timestamp,
};

/// The longest wait for credentials, such as for a `credential_process`.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Credentials that expire earlier are renewed before a call.
const MIN_VALIDITY: Duration = Duration::from_mins(2);
/// Credentials for Terraform are to last as long as an apply. It cannot renew them.
const MIN_VALIDITY_FOR_TERRAFORM: Duration = Duration::from_mins(15);

/// Variables by which other credentials, or another identity, would reach Terraform.
const OTHER_SOURCES: [&str; 11] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SECURITY_TOKEN",
];

/// A file that is always empty.
const NO_FILE: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// Resolves credentials and caches them until they expire.
#[derive(Debug, Clone)]
pub(super) struct CachedCredentials(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
}

impl CachedCredentials {
    pub(super) fn new(source: Source, provider: SharedCredentialsProvider) -> Self {
        Self(Arc::new(Inner { source, provider, current: Mutex::default() }))
    }

    pub(super) fn source(&self) -> &Source {
        &self.0.source
    }

    /// Returns credentials for one call.
    pub(super) async fn get(&self) -> anyhow::Result<Credentials> {
        self.valid_for(MIN_VALIDITY).await
    }

    /// Returns the variables that Terraform's process gets, and those that it must not inherit.
    pub(super) async fn environment_of_terraform(
        &self,
    ) -> anyhow::Result<(Vec<(&'static str, String)>, Vec<&'static str>)> {
        let credentials = self.valid_for(MIN_VALIDITY_FOR_TERRAFORM).await?;
        let mut set = vec![
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key().to_owned()),
            // Terraform reads the default profile even with keys, and fails if that profile is broken.
            ("AWS_CONFIG_FILE", NO_FILE.to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", NO_FILE.to_owned()),
        ];
        let mut unset = OTHER_SOURCES.to_vec();
        match credentials.session_token() {
            Some(token) => set.push(("AWS_SESSION_TOKEN", token.to_owned())),
            None => unset.push("AWS_SESSION_TOKEN"),
        }
        Ok((set, unset))
    }

    /// Returns credentials that are valid for at least `min_validity`, or for as long as their source provides.
    async fn valid_for(&self, min_validity: Duration) -> anyhow::Result<Credentials> {
        let mut current = self.0.current.lock().await;
        if let Some(known) = current.as_ref().filter(|known| lasts(known, min_validity)) {
            return Ok(known.clone());
        }
        match self.resolve().await {
            Ok(new) => Ok(current.insert(new).clone()),
            // A source that fails for a moment does not matter while the last credentials are valid.
            Err(error) => current.clone().filter(|known| lasts(known, Duration::ZERO)).ok_or(error),
        }
    }

    async fn resolve(&self) -> anyhow::Result<Credentials> {
        let limit = environment::credentials_timeout().unwrap_or(TIMEOUT);
        let before = self.children();
        match tokio::time::timeout(limit, self.0.provider.provide_credentials()).await {
            Ok(resolved) => resolved.map_err(|error| explain::not_resolved(error, &self.0.source)),
            Err(_) => {
                // The SDK starts the `credential_process`, but does not stop it after a timeout.
                for process in self.children().iter().filter(|process| !before.contains(process)) {
                    identity::request(process, Request::Kill).ok();
                }
                Err(explain::timed_out(limit, &self.0.source))
            }
        }
    }

    /// Returns the processes that this one has started, if the source may start one.
    fn children(&self) -> Vec<Identity> {
        if self.0.source.starts_process() { identity::descendants(std::process::id()) } else { Vec::new() }
    }
}

impl ProvideCredentials for CachedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.get().await.map_err(CredentialsError::provider_error) })
    }
}

fn lasts(credentials: &Credentials, duration: Duration) -> bool {
    let end: SystemTime = timestamp::system_now() + duration;
    credentials.expiry().is_none_or(|expiry| expiry > end)
}
