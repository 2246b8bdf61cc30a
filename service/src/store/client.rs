//! Makes the SDK's client for the place the table lives in. The only file that knows credentials, TLS and endpoints.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, ConfigLoader, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client,
    config::{
        Builder, StalledStreamProtectionConfig,
        retry::{RetryConfig, RetryPartition, TokenBucket},
    },
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};

use super::{
    StoreError,
    credentials::KeptCredentials,
    direct::{Direct, Pathfinder},
    observe::Observer,
};
use crate::{
    config::{Backend, StateConfig},
    telemetry::Metrics,
};

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither `AWS_REGION` nor a profile names one.
    #[error("no AWS region is known; set AWS_REGION, for example AWS_REGION=us-east-1")]
    NoRegion,
    /// This binary was built without the cargo feature `embedded`.
    #[error("this build has no embedded store (cargo feature `embedded`); set MCP_STATE_BACKEND=dynamodb")]
    NotEmbedded,
    /// The file cannot be opened as a store.
    #[error("the embedded store at {path} cannot be opened: {reason}")]
    Open {
        /// The file.
        path: String,
        /// What the engine or the system said.
        reason: String,
    },
    /// The embedded store's table cannot be made.
    #[error("the embedded store's table cannot be made: {0}")]
    CreateTable(#[source] StoreError),
}

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest wait for one answer before the request is sent again.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// The SDK's client, and the short way beside it.
pub(super) async fn connect(config: &StateConfig, metrics: Arc<Metrics>) -> Result<(Client, Direct), ClientError> {
    let (deadline, patience) = (config.deadline, ATTEMPT_TIMEOUT.min(config.deadline));
    let (builder, connector) = match &config.backend {
        Backend::DynamoDb => aws().await?,
        Backend::Embedded(path) => embedded(path)?,
    };
    let builder = builder
        // The deadline ends a call, not a count of attempts: 25 ms, doubling, 1 s apart in the end.
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(20)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_secs(1)),
        )
        // The SDK's own quota of retries is for the process's lifetime: one burst of throttling would spend it for good.
        .retry_partition(RetryPartition::custom("store").token_bucket(TokenBucket::unlimited()).build())
        .timeout_config(
            TimeoutConfig::builder().operation_attempt_timeout(patience).operation_timeout(deadline).build(),
        );
    Ok(assemble(builder, connector, metrics, patience, deadline))
}

/// A client whose calls go through `connector`, and the short way that they find.
pub(super) fn assemble(
    builder: Builder,
    connector: SharedHttpConnector,
    metrics: Arc<Metrics>,
    patience: Duration,
    deadline: Duration,
) -> (Client, Direct) {
    let credentials = KeptCredentials::new();
    let pathfinder = Pathfinder::new(credentials.clone());
    let (http, way, observer) = (connector.clone(), pathfinder.clone(), Observer(metrics.clone()));
    let config = builder
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client_fn(move |_, _| http.clone()))
        // The attempt's timeout already ends a stalled answer; watching throughput besides would only cost.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .identity_cache(credentials.clone())
        .interceptor(credentials)
        .interceptor(way)
        .interceptor(observer)
        .build();
    (Client::from_conf(config), Direct { connector, pathfinder, metrics, patience, deadline })
}

/// AWS, or what `AWS_ENDPOINT_URL_DYNAMODB` names: region, credentials and endpoint by the SDK's own chain.
async fn aws() -> Result<(Builder, SharedHttpConnector), ClientError> {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(tls.clone()).build_https();
    let shared = ConfigLoader::default().behavior_version(BehaviorVersion::latest()).http_client(http).load().await;
    if shared.region().is_none() {
        return Err(ClientError::NoRegion);
    }
    let connector = Connector::builder()
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .sleep_impl(TokioSleep::new())
        .tls_provider(tls)
        .build();
    Ok((Builder::from(&shared), SharedHttpConnector::new(connector)))
}

#[cfg(feature = "embedded")]
fn embedded(path: &std::path::Path) -> Result<(Builder, SharedHttpConnector), ClientError> {
    let engine = super::embedded::Engine::open(path)
        .map_err(|reason| ClientError::Open { path: path.display().to_string(), reason: reason.to_string() })?;
    engine.sweep_in_background();
    let builder = Builder::new()
        .region(aws_sdk_dynamodb::config::Region::from_static("local"))
        .endpoint_url("http://embedded")
        .allow_no_auth();
    Ok((builder, SharedHttpConnector::new(engine)))
}

#[cfg(not(feature = "embedded"))]
fn embedded(_: &std::path::Path) -> Result<(Builder, SharedHttpConnector), ClientError> {
    Err(ClientError::NotEmbedded)
}
