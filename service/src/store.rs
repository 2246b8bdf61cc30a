//! The only access to the table: the items it holds, their keys, and the guarantees of each call.
//!
//! One implementation on the DynamoDB SDK serves every backend: AWS, any endpoint that speaks DynamoDB, or the engine
//! inside this process ([`embedded`]). Nothing above this module knows the backend.

mod backup;
mod cache;
mod client;
mod credentials;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod fast_path;
mod idempotency;
mod item;
mod keys;
mod local;
mod notes;
mod observe;
mod query;
mod reset;
mod rows;
mod state;
mod table;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{Client, config::Builder};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;

pub use backup::{back_up, restore, verify};
pub use cache::CachedValue;
pub use client::ClientError;
pub use error::StoreError;
pub use idempotency::{IdempotencyKey, InvalidKey, KEY_LIFETIME_SECONDS, KeyedError, KeyedReset, MAX_KEY_BYTES};
pub use keys::InvalidCursor;
pub use notes::{Cursor, NotesPage, PageRequest};
pub use reset::Reset;
pub use state::{
    AfterCrash, Commit, CounterItem, Edit, Intent, KeyedCall, LogItems, LogRange, MAX_ITEM_BYTES, MAX_NAME_BYTES,
    MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS, Name, NewValue, Recorded, Scope, StateItem, StateProblem,
    StoredValue, WRITES_KEPT, Write,
};

pub(crate) use state::Pace;

use crate::{
    config::StateConfig,
    telemetry::{Metrics, targets},
};
use local::LocalStore;

/// The DynamoDB actions that serving requests takes, and so the complete list for a task role's policy.
///
/// Creating the table takes others. A transaction (`TransactWriteItems`) takes the actions of its parts.
pub const OPERATIONS: [&str; 5] = ["BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/// The deadline of a store whose caller sets its own: long enough never to be met.
const NO_DEADLINE: Duration = Duration::from_secs(86_400);

/// The notes of all sessions, and the states and cached results of tools, in one table.
///
/// Cloning is cheap and shares the connection pool. Every DynamoDB call returns within the deadline that the store was
/// opened with; until then it retries throttling and transient failures. [`Store::reset`] and the keyed methods make
/// several such calls.
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use mcp_stateful::{
///     config::{Backend, StateConfig},
///     principal::Principal,
///     session::Session,
///     store::{IdempotencyKey, PageRequest, Store},
///     telemetry::Metrics,
/// };
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = StateConfig {
///     backend: Backend::Embedded(":memory:".into()),
///     table: "mcp_state".to_owned(),
///     deadline: Duration::from_secs(8),
/// };
/// let store = Store::open(&config, true, Arc::new(Metrics::new("doc test"))).await?;
///
/// let session = Session::open(&Principal::shared(), "demo".to_owned(), 0)?;
/// store.add_note(&session, "buy milk").await?;
///
/// // Under an idempotency key, a repeated call writes nothing.
/// let key = IdempotencyKey::try_from("7f3c".to_owned())?;
/// assert!(!store.add_note_once(&session, "call Ada", &key).await?);
/// assert!(store.add_note_once(&session, "call Ada", &key).await?);
///
/// let page = store.notes(&session, PageRequest::default()).await?;
/// assert_eq!(page.notes, ["buy milk", "call Ada"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    /// `None` with `MCP_FAST_PATHS=off`: every request then goes through the SDK.
    fast_path: Option<Arc<fast_path::FastPath>>,
    table: Arc<str>,
    /// `None` if the table is not in this process.
    local: Option<Arc<dyn LocalStore>>,
    turns: state::Turns,
}

impl Store {
    /// Opens the store that `config` names. An embedded store creates its table if the file has none.
    ///
    /// With `fast_path` false, every request goes through the SDK.
    ///
    /// # Errors
    /// [`ClientError`] if the file cannot be opened, no region is set, or this build does not contain the backend.
    pub async fn open(config: &StateConfig, fast_path: bool, metrics: Arc<Metrics>) -> Result<Self, ClientError> {
        let client::Connected { client, fast_path, local } = client::connect(config, metrics, fast_path).await?;
        let store = Self {
            client,
            fast_path: fast_path.map(Arc::new),
            table: config.table.as_str().into(),
            local,
            turns: state::Turns::default(),
        };
        if let Some(local) = &store.local
            && !local.has_table(store.table())
            && store.create_table_of(config).await?
            && local.existed()
        {
            // A file that was emptied or belongs to another table looks like lost notes.
            let (store, table) = (config.backend.to_string(), store.table());
            tracing::warn!(target: targets::EMBEDDED, %store, table, "the file existed without this table; created an empty one");
        }
        Ok(store)
    }

    /// Creates the table like [`Store::create_table`], with an error that names the table and the store.
    pub(crate) async fn create_table_of(&self, config: &StateConfig) -> Result<bool, ClientError> {
        self.create_table().await.map_err(|reason| ClientError::CreateTable {
            table: config.table.clone(),
            store: config.backend.to_string(),
            reason,
        })
    }

    /// Closes the store when the operations in progress have ended. The file of an embedded store then has everything
    /// in it. Later calls fail.
    pub async fn close(&self) {
        if let Some(local) = self.local.clone() {
            tokio::task::spawn_blocking(move || local.close()).await.ok();
        }
    }

    /// Builds a store from SDK settings, for another endpoint, other credentials or other retries. Requests go through
    /// `connector`, and through the SDK only if `fast_path` is false.
    pub fn with_settings(settings: Builder, connector: SharedHttpConnector, table: &str, fast_path: bool) -> Self {
        let limits = client::Limits { attempt_timeout: client::ATTEMPT_TIMEOUT, deadline: NO_DEADLINE };
        Self::assemble(settings, connector, table, limits, fast_path)
    }

    /// Builds a store on a table of this process that is behind `connector`, with the retries of a server.
    #[cfg(feature = "testing")]
    pub(crate) fn behind(connector: SharedHttpConnector, config: &StateConfig, attempt_timeout: Duration) -> Self {
        let limits = client::Limits { attempt_timeout, deadline: config.deadline };
        let settings = client::with_limits(client::in_this_process(), &limits);
        Self::assemble(settings, connector, &config.table, limits, true)
    }

    fn assemble(
        settings: Builder,
        connector: SharedHttpConnector,
        table: &str,
        limits: client::Limits,
        fast_path: bool,
    ) -> Self {
        let metrics = Arc::new(Metrics::new(""));
        let (client, fast_path) = client::assemble(settings, connector, metrics, limits, fast_path);
        Self {
            client,
            fast_path: fast_path.map(Arc::new),
            table: table.into(),
            local: None,
            turns: state::Turns::default(),
        }
    }

    /// Returns a store on another table, with the same client.
    pub fn with_table(&self, table: &str) -> Self {
        Self { table: table.into(), ..self.clone() }
    }

    /// Returns the SDK client, for direct access to the table's items.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the table's name.
    pub fn table(&self) -> &str {
        &self.table
    }
}
