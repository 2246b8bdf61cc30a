//! A context for the examples of the documentation, outside of a running server.

use std::{sync::Arc, time::Duration};

use clap::Parser;
use serde_json::Map;
use tokio::time::Instant;

use crate::{
    cli::Cli,
    config::Config,
    principal::Principal,
    session::Session,
    store::Store,
    telemetry::Metrics,
    tools::{Context, Tools, catalog::Catalog},
};

/// The error of an example.
pub type Error = Box<dyn std::error::Error>;

/// Runs `example` with a context on a store in memory, and a session.
///
/// # Errors
/// The example's error, or the store's.
pub fn run(example: impl AsyncFnOnce(&Context, &Session) -> Result<(), Error>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let (config, _) = Config::parse(&Cli::parse_from(["example", "--state-path", ":memory:"]).flags)?;
        let metrics = Arc::new(Metrics::new("example"));
        let store = Store::open(&config.state, true, metrics.clone()).await?;
        let tools = Tools::new(Catalog::built_in(&config.limits)?, store, &config.limits, metrics);
        let principal = Principal::shared();
        let session = Session::open(&principal, "demo".to_owned(), 0)?;
        let deadline = Instant::now() + Duration::from_secs(10);
        example(&tools.context("example", &principal, Map::new(), deadline), &session).await
    })
}
