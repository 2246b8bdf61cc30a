//! Runs the service until it is stopped: over HTTP, over stdio, or just to create the table.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::{
    app::{self, App},
    capacity,
    config::Config,
    http::{self, ConnectionLimits},
    mcp::{Handler, serve_stdio},
    process::Stop,
    store::{ClientError, Store},
    telemetry::{Metrics, targets},
    tools::catalog::Catalog,
};

/// The limit of open connections of the metrics, which a few scrapers read.
const METRICS_CONNECTIONS: u32 = 32;

/// An error that prevents the service from running.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] ClientError),
    /// An address cannot be bound.
    #[error("cannot listen on {address}: {source}; pass another {flag}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that changes it.
        flag: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The signals cannot be handled, or the client on stdio broke the protocol.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the service over HTTP until SIGTERM or Ctrl-C. Returns when the lame duck is over and the requests in progress
/// have finished.
///
/// # Errors
/// [`ServeError`] if the store cannot be opened or an address cannot be bound.
pub async fn over_http(config: Config, catalog: Catalog) -> Result<(), ServeError> {
    let stop = Stop::on_signal(config.limits.lame_duck)?;
    let listener = listen(config.listen, "--port").await?;
    let metrics_listener = match config.metrics {
        Some(address) => Some(listen(address, "--metrics-port").await?),
        None => None,
    };
    let app = App::with_catalog(&config, catalog).await?;
    let connections = ConnectionLimits {
        head_timeout: config.limits.body_timeout,
        keep_alive: config.limits.keep_alive,
        max_connections: capacity::connections(&config.limits),
    };
    if let Some(setting) = config.limits.max_connections.filter(|setting| *setting > connections.max_connections) {
        let limit = connections.max_connections;
        tracing::warn!(target: targets::CONFIG, setting, limit, "MCP_MAX_CONNECTIONS exceeds the limit of file descriptors; reduced");
    }
    for warning in config.access.front.contradictions(&config.limits) {
        tracing::warn!(target: targets::CONFIG, front = config.access.front.name(), "{warning}");
    }
    tracing::info!(
        target: targets::SERVE,
        address = %listener.local_addr()?,
        metrics = metrics_listener.as_ref().and_then(|l| l.local_addr().ok()).map(tracing::field::display),
        token = config.access.token.is_some(),
        named_tokens = config.access.named.len(),
        max_connections = connections.max_connections,
        front = config.access.front.name(),
        allowed_clients = config.access.clients.len(),
        oauth_issuer = config.access.oauth.as_ref().map(|oauth| tracing::field::display(&oauth.issuer)),
        "listening"
    );
    let metrics = app.metrics().clone();
    let metrics_served = async {
        if let Some(listener) = metrics_listener {
            let metrics = metrics.clone();
            let respond = move |request| {
                let metrics = metrics.clone();
                async move { http::metrics::respond(&metrics, &request) }
            };
            let connections = ConnectionLimits { max_connections: METRICS_CONNECTIONS, ..connections.clone() };
            http::serve(listener, respond, connections, None, stop.clone()).await;
        }
    };
    let store = app.tools().store().clone();
    let respond = move |request| app.clone().respond(request);
    let served = http::serve(listener, respond, connections.clone(), Some(metrics.clone()), stop.clone());
    tokio::join!(served, metrics_served);
    store.close().await;
    tracing::info!(target: targets::SERVE, "stopped");
    Ok(())
}

/// Runs the service over standard input and output, for one client, until the client closes its end.
///
/// # Errors
/// [`ServeError`] if the store cannot be opened or the client does not speak MCP.
pub async fn over_stdio(config: Config, catalog: Catalog) -> Result<(), ServeError> {
    let stop = Stop::on_signal(Duration::ZERO)?;
    let tools = app::open_tools(&config, catalog, Arc::new(Metrics::new(&config.revision))).await?;
    tracing::info!(target: targets::SERVE, "serving on standard input and output");
    let served = serve_stdio(Handler::new(tools.clone()), stop.wait()).await;
    tools.store().close().await;
    Ok(served?)
}

/// Creates the table if it does not exist. Returns a line that reports the result.
///
/// # Errors
/// [`ServeError`] if the store cannot be opened or fails.
pub async fn create_table(config: Config) -> Result<String, ServeError> {
    let store = Store::open(&config.state, config.fast_paths, Arc::new(Metrics::new(&config.revision))).await?;
    let created = store.create_table_of(&config.state).await?;
    store.close().await;
    let result = if created { "created" } else { "already exists" };
    Ok(format!("table {} {result}", store.table()))
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, flag, source })
}
