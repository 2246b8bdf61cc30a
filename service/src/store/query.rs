//! The Query for a session's notes.

use super::{
    Store, StoreError,
    fast_path::NotesQuery,
    item::{key, text},
    keys::{NOTE_PREFIX, session_pk},
    rows::Rows,
};
use crate::session::Session;

/// The range of a session's notes to read, and the attributes to return.
#[derive(Debug, Default)]
pub(super) struct NotesRange<'a> {
    /// Returns the notes' texts and not only their keys.
    pub(super) with_text: bool,
    /// Begins after this sort key.
    pub(super) after: Option<&'a str>,
    /// Ends with this sort key, inclusive.
    pub(super) last: Option<&'a str>,
    /// The maximum number of notes.
    pub(super) limit: Option<usize>,
}

impl Store {
    /// Returns one page of the session's notes. Strongly consistent.
    pub(super) async fn query_notes(&self, session: &Session, range: NotesRange<'_>) -> Result<Rows, StoreError> {
        let mut request = self
            .client
            .query()
            .table_name(self.table())
            .expression_attribute_values(":pk", text(session_pk(session)))
            .expression_attribute_values(":note", text(NOTE_PREFIX))
            .projection_expression(if range.with_text { "sk, note, expiresAt" } else { "sk, expiresAt" })
            .consistent_read(true)
            .set_exclusive_start_key(range.after.map(|sk| key(session_pk(session), sk)))
            .set_limit(range.limit.and_then(|limit| i32::try_from(limit).ok()));
        request = match range.last {
            Some(last) => request
                .key_condition_expression("pk = :pk AND sk BETWEEN :note AND :last")
                .expression_attribute_values(":last", text(last)),
            None => request.key_condition_expression("pk = :pk AND begins_with(sk, :note)"),
        };
        self.send(NotesQuery(request)).await
    }
}
