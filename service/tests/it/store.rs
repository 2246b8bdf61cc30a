//! One suite, every place a table can live in: in memory, on a file, behind a socket. `MCP_TEST_DYNAMODB_ENDPOINT` names
//! another endpoint for the last (with a table of its own); else it is the engine of [`crate::support::dynamodb`].

mod model;
mod suite;

use std::{path::PathBuf, sync::Arc, time::Duration};

use mcp_stateful::{
    config::{Backend, StateConfig},
    store::Store,
    telemetry::Metrics,
};
use tempfile::TempDir;

use crate::support::{dynamodb, fresh};

/// An open store and what has to live as long as it.
pub(crate) struct Place {
    store: Store,
    _folder: Option<TempDir>,
    _endpoint: Option<dynamodb::DynamoDb>,
}

async fn embedded(path: PathBuf) -> Store {
    let config =
        StateConfig { backend: Backend::Embedded(path), table: "mcp_state".into(), deadline: Duration::from_secs(20) };
    Store::open(&config, Arc::new(Metrics::new("test"))).await.unwrap()
}

async fn memory() -> Place {
    Place { store: embedded(":memory:".into()).await, _folder: None, _endpoint: None }
}

async fn file() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let store = embedded(folder.path().join("deep/down/notes.db")).await;
    Place { store, _folder: Some(folder), _endpoint: None }
}

async fn endpoint() -> Place {
    let (endpoint, own) = match std::env::var("MCP_TEST_DYNAMODB_ENDPOINT") {
        Ok(endpoint) => (endpoint, None),
        Err(_) => {
            let own = dynamodb::DynamoDb::start().await;
            (own.endpoint.clone(), Some(own))
        }
    };
    let store = dynamodb::store(&endpoint, &fresh("mcp_state"));
    assert_eq!(store.create_table().await, Ok(true));
    Place { store, _folder: None, _endpoint: own }
}

macro_rules! suite {
    ($($case:ident),+ $(,)?) => {
        suite!(@at memory $($case)+);
        suite!(@at file $($case)+);
        suite!(@at endpoint $($case)+);
    };
    (@at $place:ident $($case:ident)+) => {
        mod $place {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let place = super::$place().await;
                    super::suite::$case(&place.store).await;
                }
            )+
        }
    };
}

suite!(
    notes_come_back_in_order,
    sessions_are_apart,
    a_session_nobody_wrote_to_is_empty,
    fifty_writers_lose_and_double_nothing,
    more_than_a_megabyte_is_read_and_reset_whole,
    pages_join_without_gap_or_overlap,
    a_bound_on_bytes_yields_a_cursor,
    expired_items_are_invisible_at_once,
    a_reset_leaves_the_session_s_item,
    a_reset_while_writing_keeps_what_is_acknowledged_after_it,
    old_notes_come_first,
    the_session_s_item_is_kept_up,
    a_cached_value_ends_with_its_lifetime,
    a_cached_value_is_its_whole_key_s,
    an_old_or_broken_cache_entry_is_a_miss,
    a_table_is_made_once,
    a_keyed_note_is_written_once,
    a_key_stands_for_one_call,
    keys_are_a_session_s_own,
    a_crowd_with_one_key_writes_one_note,
    an_old_key_is_forgotten,
    a_repeated_reset_keeps_what_came_later,
    a_keyed_reset_that_was_cut_off_goes_on,
    items_of_a_handle_carry_its_end,
    principals_are_apart,
);

#[tokio::test]
async fn a_file_written_by_one_store_is_read_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let session = suite::session("kept");
    embedded(path.clone()).await.add_note(&session, "from the first").await.unwrap();
    let page = embedded(path).await.notes(&session, Default::default()).await.unwrap();
    assert_eq!(page.notes, ["from the first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let (one, other) = (embedded(path.clone()).await, embedded(path).await);
    let session = suite::session("shared");
    let write = |store: Store| {
        let session = session.clone();
        tokio::spawn(async move {
            for n in 0..100 {
                store.add_note(&session, &n.to_string()).await.unwrap();
            }
        })
    };
    let (a, b) = tokio::join!(write(one.clone()), write(other.clone()));
    a.unwrap();
    b.unwrap();
    for store in [one, other] {
        assert_eq!(store.notes(&session, Default::default()).await.unwrap().notes.len(), 200);
    }
}
