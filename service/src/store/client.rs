//! Builds the SDK client for the configured backend. Credentials, TLS and endpoints are set up here only.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client,
    config::{
        Builder, StalledStreamProtectionConfig,
        retry::{RetryConfig, RetryPartition, TokenBucket},
    },
};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};

use super::{
    StoreError,
    credentials::CredentialsCache,
    error::ConflictClassifier,
    fast_path::{FastPath, RouteRecorder},
    local::LocalStore,
    observe::Observer,
};
use crate::{
    aws,
    config::{Backend, StateConfig},
    telemetry::Metrics,
};

/// The reasons for which the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither `AWS_REGION` nor a profile sets a region.
    #[error("no AWS region is set; set AWS_REGION, for example AWS_REGION=us-east-1")]
    NoRegion,
    /// The binary was built without the cargo feature `embedded`.
    #[error("this build has no embedded store (cargo feature `embedded`); set MCP_STATE_BACKEND=dynamodb")]
    NotEmbedded,
    /// The file cannot be opened as a store.
    #[error("cannot open the embedded store at {path}: {reason}; {remedy}")]
    Open {
        /// The file.
        path: String,
        /// The error of the engine or the operating system.
        reason: String,
        /// The suggested action.
        remedy: &'static str,
    },
    /// The table cannot be created.
    #[error("cannot create the table {table} in {store}: {reason}")]
    CreateTable {
        /// The table.
        table: String,
        /// The store in use.
        store: String,
        /// The store's failure.
        reason: StoreError,
    },
    /// The command works on the embedded store's file.
    #[error("the table is in {0}; {1}")]
    NoFile(String, &'static str),
    /// The backup failed.
    #[error("{0}")]
    Backup(String),
}

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest wait for one response before the request is retried.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// The time limits of a call to the table.
pub(super) struct Limits {
    /// The longest wait for one response.
    pub(super) attempt_timeout: Duration,
    /// The longest duration of a call, retries included.
    pub(super) deadline: Duration,
}

/// The settings of a client, the connector that its requests go through, and the store behind it if that is local.
type Connection = (Builder, SharedHttpConnector, Option<Arc<dyn LocalStore>>);

/// A client for the configured backend.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) fast_path: Option<FastPath>,
    pub(super) local: Option<Arc<dyn LocalStore>>,
}

/// Builds the SDK client for `config`, and the fast path beside it if that is on.
pub(super) async fn connect(
    config: &StateConfig,
    metrics: Arc<Metrics>,
    fast_path: bool,
) -> Result<Connected, ClientError> {
    let limits = Limits { attempt_timeout: ATTEMPT_TIMEOUT.min(config.deadline), deadline: config.deadline };
    let (builder, connector, local) = match &config.backend {
        Backend::DynamoDb => dynamodb().await?,
        Backend::Embedded(path) => embedded(path)?,
    };
    let (client, fast_path) = assemble(with_limits(builder, &limits), connector, metrics, limits, fast_path);
    Ok(Connected { client, fast_path, local })
}

/// Sets retries and time-outs.
pub(super) fn with_limits(builder: Builder, limits: &Limits) -> Builder {
    builder
        // The deadline ends a call before the number of attempts does: backoff doubles from 25 ms to 1 s.
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(20)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_secs(1)),
        )
        // The SDK's own retry quota lasts for the life of the process, and one burst of throttling would exhaust it.
        .retry_partition(RetryPartition::custom("store").token_bucket(TokenBucket::unlimited()).build())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(limits.attempt_timeout)
                .operation_timeout(limits.deadline)
                .build(),
        )
}

/// Builds a client whose requests go through `connector`, and the fast path if that is on.
pub(super) fn assemble(
    builder: Builder,
    connector: SharedHttpConnector,
    metrics: Arc<Metrics>,
    limits: Limits,
    fast_path: bool,
) -> (Client, Option<FastPath>) {
    let credentials = CredentialsCache::new();
    let recorder = fast_path.then(|| RouteRecorder::new(credentials.clone()));
    let (http, observer) = (connector.clone(), Observer(metrics.clone()));
    let mut builder = builder
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client_fn(move |_, _| http.clone()))
        // The attempt timeout already ends a stalled response, so a throughput check would only add cost.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_classifier(ConflictClassifier)
        .identity_cache(credentials.clone())
        .interceptor(credentials);
    if let Some(recorder) = &recorder {
        builder = builder.interceptor(recorder.clone());
    }
    let client = Client::from_conf(builder.interceptor(observer).build());
    let Limits { attempt_timeout, deadline } = limits;
    let fast_path = recorder.map(|recorder| FastPath { connector, recorder, metrics, attempt_timeout, deadline });
    (client, fast_path)
}

/// Connects to AWS, or to the endpoint that `AWS_ENDPOINT_URL_DYNAMODB` names. The SDK's own chain finds region,
/// credentials and endpoint.
async fn dynamodb() -> Result<Connection, ClientError> {
    let shared = aws::load(None, None).await;
    if shared.region().is_none() {
        return Err(ClientError::NoRegion);
    }
    Ok((Builder::from(&shared), aws::connector(Some(CONNECT_TIMEOUT)), None))
}

#[cfg(feature = "embedded")]
fn embedded(path: &std::path::Path) -> Result<Connection, ClientError> {
    let engine = super::embedded::Engine::open(path).map_err(|reason| ClientError::Open {
        path: path.display().to_string(),
        reason: reason.to_string(),
        remedy: reason.remedy(),
    })?;
    engine.delete_expired_in_background();
    engine.check_in_background();
    Ok((in_this_process(), SharedHttpConnector::new(engine.clone()), Some(Arc::new(engine))))
}

/// Returns the settings of a client whose requests never leave the process.
#[cfg(feature = "embedded")]
pub(super) fn in_this_process() -> Builder {
    let region = aws_sdk_dynamodb::config::Region::from_static("local");
    Builder::new().region(region).endpoint_url("http://embedded").allow_no_auth()
}

#[cfg(not(feature = "embedded"))]
fn embedded(_: &std::path::Path) -> Result<Connection, ClientError> {
    Err(ClientError::NotEmbedded)
}
