//! Counts what is in a table by reading it, within bounds: DynamoDB's own number is hours old.

use std::time::{Duration, Instant};

use super::tally::Tally;
use crate::aws::table::{Part, Table};

/// Where counting ends, because it is charged by what is read, and somebody waits for it.
const MOST_ITEMS: usize = 100_000;
const LONGEST: Duration = Duration::from_secs(20);

/// The sessions and notes in a table.
pub(crate) async fn count(table: &Table) -> anyhow::Result<Tally> {
    count_within(table, MOST_ITEMS, LONGEST).await
}

pub(super) async fn count_within(table: &Table, most: usize, longest: Duration) -> anyhow::Result<Tally> {
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
        if read >= most || since.elapsed() >= longest {
            tally.stop_short();
            return Ok(tally);
        }
    }
}
