//! Puts the service together and runs it until it is told to stop.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::net::TcpListener;

use crate::{
    config::Config,
    http::{self, Edge, Front},
    mcp::{Endpoint, Handler, serve_stdio},
    oauth::OAuth,
    process::Stop,
    store::{ClientError, Store},
    telemetry::Metrics,
    tools::Tools,
};

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] ClientError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; pass another {flag}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that changes it.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The signals cannot be watched, or the client on stdio broke the protocol.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the service over HTTP until SIGTERM or Ctrl-C; returns when what was under way is answered.
///
/// # Errors
/// A store that cannot be opened, an address that cannot be listened on.
pub async fn over_http(config: Config) -> Result<(), ServeError> {
    let stop = Stop::on_signal()?;
    let listener = listen(config.listen, "--port").await?;
    let metrics = Arc::new(Metrics::new(&config.revision));
    let metrics_listener = match config.metrics {
        Some(address) => Some(listen(address, "--metrics-port").await?),
        None => None,
    };
    let tools = open_tools(&config, metrics.clone()).await?;
    let edge = Edge {
        oauth: config.access.oauth.clone().map(|oauth| Arc::new(OAuth::start(oauth))),
        access: Arc::new(config.access),
        limits: Arc::new(config.limits),
        metrics: metrics.clone(),
        revision: config.revision,
    };
    let endpoint = Endpoint::of_tools(tools.clone(), &edge.limits);
    let front = Front::new(&edge, tools, endpoint);
    let head_timeout = edge.limits.body_timeout;
    tracing::info!(
        address = %listener.local_addr()?,
        metrics = metrics_listener.as_ref().and_then(|l| l.local_addr().ok()).map(tracing::field::display),
        token = edge.access.token.is_some(),
        named_tokens = edge.access.named.len(),
        oauth_issuer = edge.access.oauth.as_ref().map(|oauth| tracing::field::display(&oauth.issuer)),
        "listening"
    );
    let metrics_served = async {
        if let Some(listener) = metrics_listener {
            let answer = move |request| {
                let metrics = metrics.clone();
                async move { http::metrics(&metrics, &request) }
            };
            http::serve(listener, answer, head_timeout, stop.clone().wait()).await;
        }
    };
    let answer = move |request| front.clone().answer(request);
    tokio::join!(http::serve(listener, answer, head_timeout, stop.clone().wait()), metrics_served);
    tracing::info!("stopped");
    Ok(())
}

/// Runs the service on standard input and output, for one client, until that closes its end.
///
/// # Errors
/// A store that cannot be opened, a client that is no MCP client.
pub async fn over_stdio(config: Config) -> Result<(), ServeError> {
    let stop = Stop::on_signal()?;
    let tools = open_tools(&config, Arc::new(Metrics::new(&config.revision))).await?;
    tracing::info!("serving on standard input and output");
    Ok(serve_stdio(Handler::new(tools), stop.wait()).await?)
}

/// Makes the table where it is missing; answers with a line about it.
///
/// # Errors
/// A store that cannot be opened or that fails.
pub async fn create_table(config: Config) -> Result<String, ServeError> {
    let store = Store::open(&config.state, Arc::new(Metrics::new(&config.revision))).await?;
    let made = store.create_table().await.map_err(ClientError::CreateTable)?;
    let what = if made { "made" } else { "was there already" };
    Ok(format!("table {} {what}", store.table()))
}

async fn open_tools(config: &Config, metrics: Arc<Metrics>) -> Result<Arc<Tools>, ServeError> {
    let store = Store::open(&config.state, metrics.clone()).await?;
    Ok(Arc::new(Tools::new(store, &config.limits, metrics)))
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, flag, source })
}
