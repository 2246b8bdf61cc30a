//! Logs: entries that are appended and read in order, as notes are.

use std::num::NonZeroUsize;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Scope, StateProblem, item::MAX_ITEM_BYTES, name::Name};
use crate::{
    clock::epoch_seconds,
    store::{
        Store,
        item::{Item, get_text, is_visible, key, number, text},
        keys::{EXPIRES_AT, SK, hex, log_prefix, new_uuid_v7},
    },
};

/// The entry, as JSON text.
const ENTRY: &str = "entry";
/// The time of the append in epoch seconds.
const TS: &str = "ts";
/// An upper bound of the size of an entry's attributes without its keys and its value.
const ATTRIBUTES_BYTES: usize = 64;

/// The remedy for an entry that is too large.
const SPLIT: &str = "split it into several entries";

/// The part of a log to read.
#[derive(Debug, Clone, Copy)]
pub struct LogRange<'a> {
    /// The cursor of the previous page. Without it, the page begins with the first entry.
    pub cursor: Option<&'a str>,
    /// The maximum number of entries.
    pub limit: NonZeroUsize,
    /// The maximum size of the entries in bytes of JSON. A page holds at least one entry all the same.
    pub max_bytes: Option<usize>,
}

/// A page of a log, oldest entry first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogItems {
    /// The entries, as JSON texts.
    pub entries: Vec<String>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl Store {
    /// Appends an entry, given as JSON text. After this returns, every later [`Store::log`] includes it.
    ///
    /// # Errors
    /// [`StateProblem`] if the store fails, in which case the entry may be stored, or if the entry is too large.
    pub async fn append_to_log(&self, scope: &Scope, name: Name<'_>, entry: &str) -> Result<(), StateProblem> {
        // A retry writes the same key again, so it cannot double the entry.
        let (item, _) = entry_item(scope, name, entry)?;
        let put = self.client.put_item().table_name(self.table()).set_item(Some(item));
        self.send(put).await.map_err(StateProblem::Unknown)?;
        Ok(())
    }

    /// Reads a page of a log. Strongly consistent.
    ///
    /// # Errors
    /// [`StateProblem::InvalidCursor`] for a cursor of another log. Other problems if the store fails.
    pub async fn log(&self, scope: &Scope, name: Name<'_>, range: LogRange<'_>) -> Result<LogItems, StateProblem> {
        let prefix = log_prefix(name);
        let mut after = range.cursor.map(|cursor| decode_cursor(scope, &prefix, cursor)).transpose()?;
        let (mut page, mut last, mut bytes) = (LogItems::default(), None, 0);
        loop {
            // One entry beyond the limit shows that there is a next page.
            let limit = range.limit.get().saturating_add(1) - page.entries.len();
            let request = self
                .client
                .query()
                .table_name(self.table())
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":pk", text(scope.pk()))
                .expression_attribute_values(":prefix", text(&prefix))
                .consistent_read(true)
                .set_exclusive_start_key(after.map(|sk| key(scope.pk().to_owned(), sk)))
                .limit(i32::try_from(limit).unwrap_or(i32::MAX));
            let output = self.send(request).await?;
            for item in output.items.unwrap_or_default().iter().filter(|item| is_visible(item)) {
                let (Some(sk), Some(entry)) = (get_text(item, SK), get_text(item, ENTRY)) else {
                    return Err(StateProblem::Malformed);
                };
                bytes += entry.len() + 1;
                let full = page.entries.len() == range.limit.get()
                    || (!page.entries.is_empty() && range.max_bytes.is_some_and(|max| bytes > max));
                if full {
                    page.next = last.map(|sk: String| encode_cursor(scope, &prefix, &sk));
                    return Ok(page);
                }
                page.entries.push(entry.to_owned());
                last = Some(sk.to_owned());
            }
            match output.last_evaluated_key.as_ref().and_then(|key| get_text(key, SK)) {
                Some(sk) => after = Some(sk.to_owned()),
                None => return Ok(page),
            }
        }
    }
}

/// Builds the item of a new entry, under a key that no other entry has. Returns it with its size.
pub(super) fn entry_item(scope: &Scope, name: Name<'_>, entry: &str) -> Result<(Item, usize), StateProblem> {
    let sk = format!("{}{}", log_prefix(name), new_uuid_v7().as_hyphenated());
    let bytes = scope.pk().len() + sk.len() + entry.len() + ATTRIBUTES_BYTES;
    if bytes > MAX_ITEM_BYTES {
        return Err(StateProblem::TooLarge { bytes, limit: MAX_ITEM_BYTES, way_out: SPLIT });
    }
    let mut item = key(scope.pk().to_owned(), sk);
    item.insert(ENTRY.to_owned(), text(entry));
    item.insert(TS.to_owned(), number(epoch_seconds()));
    item.extend(scope.expires_at().map(|at| (EXPIRES_AT.to_owned(), number(at))));
    Ok((item, bytes))
}

fn encode_cursor(scope: &Scope, prefix: &str, sk: &str) -> String {
    let position = &sk[prefix.len()..];
    URL_SAFE_NO_PAD.encode(format!("{}{position}", check(scope, prefix, position)))
}

/// Returns the sort key in a cursor. The check turns a cursor of another log, and one that a model copied wrongly, into
/// an error instead of a silent gap.
fn decode_cursor(scope: &Scope, prefix: &str, cursor: &str) -> Result<String, StateProblem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| StateProblem::InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| StateProblem::InvalidCursor)?;
    let (given, position) = text.split_at_checked(8).ok_or(StateProblem::InvalidCursor)?;
    if position.is_empty() || position.len() > 64 || given != check(scope, prefix, position) {
        return Err(StateProblem::InvalidCursor);
    }
    Ok(format!("{prefix}{position}"))
}

fn check(scope: &Scope, prefix: &str, position: &str) -> String {
    hex(&Sha256::digest(format!("log\0{}\0{prefix}{position}", scope.pk()))[..4])
}
