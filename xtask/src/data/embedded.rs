//! Opens the embedded store of a local deployment as a table, so that export and import run the same code as on AWS.
//!
//! The service may run meanwhile: SQLite's locks keep the two processes apart.

use std::path::Path;

use anyhow::Context;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use mcp_stateful::store::embedded::Engine;

use crate::aws::table::Table;

/// The table's name, which is the service's default.
const TABLE: &str = "mcp_state";

/// Opens the table in the SQLite file at `path`. The file has to exist, or an empty one is created.
pub(crate) fn open(path: &Path) -> anyhow::Result<Table> {
    let engine = Engine::open(path).with_context(|| format!("cannot open the store {}", path.display()))?;
    let connector = SharedHttpConnector::new(engine);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        // The SDK requires both, the engine ignores them.
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("embedded", "embedded", None, None, "embedded"))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Ok(Table::with_client(Client::from_conf(config), TABLE))
}
