//! The one door to the table: what is kept, under which keys, and what each call promises.
//!
//! One implementation on the DynamoDB SDK serves every place a table can live in: AWS, any endpoint that speaks
//! DynamoDB, or the engine inside this process ([`embedded`]). Nothing above this module knows which.

mod cache;
mod client;
mod credentials;
mod direct;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod item;
mod keys;
mod notes;
mod observe;
mod once;
mod query;
mod reset;
mod table;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{Client, config::Builder};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;

pub use cache::CachedValue;
pub use client::ClientError;
pub use error::StoreError;
pub use keys::InvalidCursor;
pub use notes::{Cursor, NotesPage, PageRequest};
pub use once::{IdempotencyKey, InvalidKey, KEY_LIFETIME_SECONDS, KeyedError, KeyedReset, MAX_KEY_BYTES};
pub use reset::Reset;

use crate::{config::StateConfig, telemetry::Metrics};

/// The DynamoDB actions that serving takes, and so all that a task's role has to permit. Making the table takes others;
/// a transaction (`TransactWriteItems`) takes those of what it does.
pub const OPERATIONS: [&str; 5] = ["BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/// Longer than anybody waits.
const NO_DEADLINE: Duration = Duration::from_secs(86_400);

/// Sessions' notes and the tools' cache, in one table.
///
/// Cloning is cheap and shares the connection pool. Every method returns within the deadline it was opened with
/// (per DynamoDB call; [`Store::reset`] and the keyed calls make several), throttling and transient failures retried until then.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    direct: Arc<direct::Direct>,
    table: Arc<str>,
}

impl Store {
    /// Opens the store that `config` names. The embedded one makes its table when the file has none.
    ///
    /// # Errors
    /// A file that cannot be opened, no region, or a backend that this build leaves out.
    pub async fn open(config: &StateConfig, metrics: Arc<Metrics>) -> Result<Self, ClientError> {
        let (client, direct) = client::connect(config, metrics).await?;
        let store = Self { client, direct: Arc::new(direct), table: config.table.as_str().into() };
        if config.backend.is_embedded() {
            store.create_table().await.map_err(ClientError::CreateTable)?;
        }
        Ok(store)
    }

    /// A store with settings of the caller's: another endpoint, other credentials, other retries. Calls go through `connector`.
    pub fn with_settings(settings: Builder, connector: SharedHttpConnector, table: &str) -> Self {
        let metrics = Arc::new(Metrics::new(""));
        let (client, direct) = client::assemble(settings, connector, metrics, client::ATTEMPT_TIMEOUT, NO_DEADLINE);
        Self { client, direct: Arc::new(direct), table: table.into() }
    }

    /// Another table of the same store.
    pub fn with_table(&self, table: &str) -> Self {
        Self { table: table.into(), ..self.clone() }
    }

    /// The client underneath, for those who look at the table's items themselves.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }
}
