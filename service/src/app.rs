//! The composition root: builds the service from its configuration, and dispatches every request.
//!
//! The binary, the benches, the fuzz targets and the conformance fixture all build the service here.

mod routes;

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{Router, extract::Request, response::Response};
use futures_util::FutureExt;
use rmcp::ServerHandler;
use tower::{Layer, Service};

use crate::{
    config::Config,
    http::{self, Admission, ClientPolicy, OriginPolicy, Verdict, health},
    mcp::Endpoint,
    oauth::OAuth,
    store::{ClientError, Store},
    telemetry::Metrics,
    tools::{RegistryError, Tools, catalog::Catalog},
};
use routes::Api;

/// The service behind its HTTP port. Clones share it.
///
/// ```
/// use axum::{body::Body, http::Request};
/// use clap::Parser;
/// use mcp_stateful::{app::App, cli::Cli, config::Config};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cli = Cli::parse_from(["mcp-stateful", "--state-path", ":memory:"]);
/// let (config, _) = Config::parse(&cli.flags)?;
/// let app = App::build(&config).await?;
///
/// let request = Request::get("/mcp/list_tools").header("host", "localhost").body(Body::empty())?;
/// assert_eq!(app.respond(request).await.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

/// An error that prevents the service from being built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] ClientError),
    /// A tool cannot be registered.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

#[derive(Debug)]
struct Inner {
    tools: Arc<Tools>,
    metrics: Arc<Metrics>,
    client_policy: ClientPolicy,
    origin_policy: OriginPolicy,
    routes: Router,
}

impl App {
    /// Builds the service with the built-in tools: opens the store, starts to fetch the issuer's keys if OAuth is
    /// configured, and sets up the routes.
    ///
    /// # Errors
    /// [`BuildError`] if the store cannot be opened, or two tools have the same name.
    pub async fn build(config: &Config) -> Result<Self, BuildError> {
        Ok(Self::with_catalog(config, Catalog::built_in(&config.limits)?).await?)
    }

    /// Builds the service that a catalog describes.
    ///
    /// # Errors
    /// [`ClientError`] if the store cannot be opened.
    pub async fn with_catalog(config: &Config, catalog: Catalog) -> Result<Self, ClientError> {
        let endpoint = |tools| Endpoint::for_tools(tools, &config.limits, config.fast_paths);
        Self::with_endpoint(config, catalog, endpoint).await
    }

    /// Builds the service with another MCP endpoint at `/mcp`. The REST routes still serve the tools.
    ///
    /// # Errors
    /// [`ClientError`] if the store cannot be opened.
    pub async fn with_endpoint<H: ServerHandler + Clone>(
        config: &Config,
        catalog: Catalog,
        endpoint: impl FnOnce(Arc<Tools>) -> Endpoint<H>,
    ) -> Result<Self, ClientError> {
        let metrics = Arc::new(Metrics::for_build(&catalog.identity.version, &config.revision));
        let tools = open_tools(config, catalog, metrics.clone()).await?;
        Ok(Self::assemble(config, tools, metrics, endpoint))
    }

    /// Builds the service that a catalog describes, on an open store.
    #[cfg(feature = "testing")]
    pub(crate) fn on_store(config: &Config, catalog: Catalog, store: Store) -> Self {
        let metrics = Arc::new(Metrics::for_build(&catalog.identity.version, &config.revision));
        let tools = Arc::new(Tools::new(catalog, store, &config.limits, metrics.clone()));
        let endpoint = |tools| Endpoint::for_tools(tools, &config.limits, config.fast_paths);
        Self::assemble(config, tools, metrics, endpoint)
    }

    fn assemble<H: ServerHandler + Clone>(
        config: &Config,
        tools: Arc<Tools>,
        metrics: Arc<Metrics>,
        endpoint: impl FnOnce(Arc<Tools>) -> Endpoint<H>,
    ) -> Self {
        let oauth = config.access.oauth.clone().map(|oauth| Arc::new(OAuth::start(oauth)));
        let api = Api {
            admission: Admission::new(&config.access, oauth.clone(), metrics.clone(), tools.clone()),
            oauth,
            mcp: endpoint(tools.clone()),
            tools: tools.clone(),
        };
        let access = Arc::new(config.access.clone());
        Self(Arc::new(Inner {
            client_policy: ClientPolicy::new(access.clone()),
            origin_policy: OriginPolicy::new(access),
            routes: routes::routes(api, config),
            tools,
            metrics,
        }))
    }

    /// The tools behind both APIs.
    pub fn tools(&self) -> &Tools {
        &self.0.tools
    }

    /// The metrics of this service.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// Responds to a request. A panic in a handler becomes a 500.
    pub async fn respond(self, request: Request) -> Response {
        let in_flight = InFlight::start(&self.0.metrics);
        let dispatched = AssertUnwindSafe(self.dispatch(request)).catch_unwind().await;
        let response = dispatched.unwrap_or_else(|_| http::internal_error());
        in_flight.end(&response);
        response
    }

    /// Checks client, Host and Origin, then passes the request to its route.
    ///
    /// This is one function instead of a stack of axum layers: each layer clones everything below it and
    /// boxes a future, for every request.
    async fn dispatch(&self, mut request: Request) -> Response {
        let Inner { client_policy, origin_policy, routes, .. } = &*self.0;
        // Health checkers connect past the front, by IP address and without Origin. The routes reveal nothing of a
        // caller.
        let is_health_route = health::is_health_route(&request);
        if !is_health_route && let Err(rejection) = client_policy.admit(&mut request) {
            return *rejection;
        }
        if let Some(rejection) = http::reject_transfer_coding(request.headers()) {
            return rejection;
        }
        let verdict = if is_health_route { Verdict::Allowed } else { origin_policy.check(&request) };
        let Ok(response) = match verdict {
            Verdict::Allowed => routes.clone().call(request).await,
            Verdict::AllowedWithCors => origin_policy.cors().layer(routes.clone()).call(request).await,
            Verdict::Rejected(rejection) => Ok(rejection.into_response()),
        };
        response
    }
}

/// Opens the store and builds the tools on it, for both transports.
pub(crate) async fn open_tools(
    config: &Config,
    catalog: Catalog,
    metrics: Arc<Metrics>,
) -> Result<Arc<Tools>, ClientError> {
    let store = Store::open(&config.state, config.fast_paths, metrics.clone()).await?;
    Ok(Arc::new(Tools::new(catalog, store, &config.limits, metrics)))
}

/// Counts a request, also if its client disconnects before the response.
struct InFlight<'a> {
    metrics: &'a Metrics,
    status: Option<u16>,
}

impl<'a> InFlight<'a> {
    fn start(metrics: &'a Metrics) -> Self {
        metrics.request_started();
        Self { metrics, status: None }
    }

    fn end(mut self, response: &Response) {
        self.status = Some(response.status().as_u16());
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.request_ended(self.status);
    }
}
