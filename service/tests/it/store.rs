//! One suite for every kind of table: in memory, in a file and behind an endpoint.
//!
//! `MCP_TEST_DYNAMODB_ENDPOINT` sets the endpoint, on which the suite creates its own tables. The default is the engine
//! of [`crate::support::dynamodb`].

mod model;
mod state_model;
mod suite;

use std::{path::PathBuf, sync::Arc, time::Duration};

use mcp_stateful::{
    config::{Backend, StateConfig},
    store::Store,
    telemetry::Metrics,
};
use tempfile::TempDir;

use crate::support::{dynamodb, fast_path, fresh};

/// An open store, with the resources that must live as long as it.
pub(crate) struct OpenStore {
    store: Store,
    _folder: Option<TempDir>,
    _endpoint: Option<dynamodb::DynamoDb>,
}

async fn embedded(path: PathBuf) -> Store {
    let config =
        StateConfig { backend: Backend::Embedded(path), table: "mcp_state".into(), deadline: Duration::from_secs(20) };
    Store::open(&config, fast_path(), Arc::new(Metrics::new("test"))).await.unwrap()
}

async fn memory() -> OpenStore {
    OpenStore { store: embedded(":memory:".into()).await, _folder: None, _endpoint: None }
}

async fn file() -> OpenStore {
    let folder = tempfile::tempdir().unwrap();
    let store = embedded(folder.path().join("deep/down/notes.db")).await;
    OpenStore { store, _folder: Some(folder), _endpoint: None }
}

async fn endpoint() -> OpenStore {
    let (endpoint, own) = match std::env::var("MCP_TEST_DYNAMODB_ENDPOINT") {
        Ok(endpoint) => (endpoint, None),
        Err(_) => {
            let own = dynamodb::DynamoDb::start().await;
            (own.endpoint.clone(), Some(own))
        }
    };
    let store = dynamodb::store(&endpoint, &fresh("mcp_state"));
    assert_eq!(store.create_table().await, Ok(true));
    OpenStore { store, _folder: None, _endpoint: own }
}

macro_rules! suite {
    ($($case:ident),+ $(,)?) => {
        suite!(@at memory $($case)+);
        suite!(@at file $($case)+);
        suite!(@at endpoint $($case)+);
    };
    (@at $kind:ident $($case:ident)+) => {
        mod $kind {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let open = super::$kind().await;
                    super::suite::$case(&open.store).await;
                }
            )+
        }
    };
}

suite!(
    notes_come_back_in_order,
    sessions_are_separate,
    unwritten_session_is_empty,
    fifty_writers_lose_and_double_nothing,
    over_a_megabyte_is_read_and_reset_whole,
    pages_join_without_gap_or_overlap,
    byte_limit_yields_a_cursor,
    expired_items_are_invisible_at_once,
    reset_keeps_the_session_item,
    reset_keeps_notes_acknowledged_after_it,
    v1_notes_come_first,
    session_item_is_updated,
    cached_value_expires,
    cached_values_of_tools_are_separate,
    cached_value_of_an_earlier_version_is_a_miss,
    oversized_value_is_not_cached,
    table_is_created_once,
    keyed_note_is_written_once,
    key_is_bound_to_one_call,
    key_is_bound_to_its_session,
    concurrent_calls_with_one_key_write_one_note,
    expired_key_can_be_used_again,
    repeated_reset_keeps_later_notes,
    interrupted_keyed_reset_continues,
    items_of_a_handle_have_its_expiry,
    principals_are_separate,
    concurrent_updates_are_all_kept,
    state_is_absent_until_its_first_update,
    failed_edit_changes_nothing,
    unchanged_state_is_not_written,
    deleted_state_is_absent_and_can_be_written_again,
    reset_clears_states_counters_and_logs,
    reset_leaves_the_principal_state,
    repeated_keyed_reset_keeps_later_states,
    interrupted_keyed_reset_clears_each_state_once,
    reset_during_updates_keeps_only_later_ones,
    delayed_update_after_a_reset_is_not_applied,
    delayed_addition_after_a_reset_adds_nothing,
    malformed_state_is_never_overwritten,
    attributes_of_a_newer_layout_survive,
    earlier_version_leaves_states_alone,
    oversized_state_is_rejected_with_its_size,
    counter_adds_and_never_overflows,
    concurrent_additions_are_all_counted,
    log_entries_come_back_in_order_and_pages,
    log_cursor_of_another_log_is_rejected,
    states_of_a_handle_have_its_expiry,
    states_of_scopes_are_separate,
    keyed_call_is_executed_once,
    concurrent_calls_under_one_key_commit_once,
    key_with_other_arguments_is_rejected,
    conflicting_keyed_call_writes_nothing,
    read_state_is_guarded_by_the_transaction,
    read_counter_is_guarded_by_the_transaction,
    transaction_limits_are_errors,
    result_of_an_outside_effect_is_replayed,
    outside_effect_in_progress_is_waited_for,
    interrupted_outside_effect_is_reported_or_repeated,
);

#[tokio::test]
async fn next_store_reads_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let session = suite::session("kept");
    embedded(path.clone()).await.add_note(&session, "from the first").await.unwrap();
    let page = embedded(path).await.notes(&session, Default::default()).await.unwrap();
    assert_eq!(page.notes, ["from the first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_share_notes() {
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
