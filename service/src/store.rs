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
mod reset;
mod table;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

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

/// Sessions' notes and the tools' cache, in one table.
///
/// Cloning is cheap and shares the connection pool. Every method returns within the deadline it was opened with
/// (per DynamoDB call; [`Store::reset`] and the keyed calls make several), throttling and transient failures retried until then.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    direct: Option<Arc<direct::Direct>>,
    table: Arc<str>,
}

impl Store {
    /// Opens the store that `config` names. The embedded one makes its table when the file has none.
    ///
    /// # Errors
    /// A file that cannot be opened, no region, or a backend that this build leaves out.
    pub async fn open(config: &StateConfig, metrics: Arc<Metrics>) -> Result<Self, ClientError> {
        let (client, direct) = client::connect(config, metrics).await?;
        let store = Self { client, direct: Some(Arc::new(direct)), table: config.table.as_str().into() };
        if config.backend.is_embedded() {
            store.create_table().await.map_err(ClientError::CreateTable)?;
        }
        Ok(store)
    }

    /// A store on a client that the caller configured, which all calls go through: another endpoint, other credentials.
    pub fn with_client(client: Client, table: &str) -> Self {
        Self { client, direct: None, table: table.into() }
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
