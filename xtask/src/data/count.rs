//! Counts a table's sessions and notes by reading it, within bounds. DynamoDB's own item count is hours old.

use std::time::{Duration, Instant};

use super::tally::Tally;
use crate::aws::table::{Part, Table};

/// Bounds of a count, because DynamoDB charges for every read item and an operator waits for the result.
const MAX_ITEMS: usize = 100_000;
const MAX_TIME: Duration = Duration::from_secs(20);

/// Counts the sessions and notes in a table. The tally is partial if the table exceeds the bounds.
pub(crate) async fn count(table: &Table) -> anyhow::Result<Tally> {
    count_within(table, MAX_ITEMS, MAX_TIME).await
}

pub(super) async fn count_within(table: &Table, max_items: usize, max_time: Duration) -> anyhow::Result<Tally> {
    let since = Instant::now();
    let mut tally = Tally::default();
    let mut read = 0;
    let mut from = None;
    loop {
        let page = table.scan(from, Part::Keys).await?;
        read += page.items.len();
        page.items.iter().for_each(|item| tally.add(item));
        from = page.next;
        if from.is_none() {
            return Ok(tally);
        }
        if read >= max_items || since.elapsed() >= max_time {
            tally.set_partial();
            return Ok(tally);
        }
    }
}
