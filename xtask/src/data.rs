//! The table's data: counts it, exports it to a file, and imports it again. Works on DynamoDB and on the embedded
//! store.
//!
//! The keys are those of `service/src/store/keys.rs`. Callers decide whether anything is deleted.

mod count;
pub(crate) mod embedded;
mod export;
mod export_file;
mod import;
mod json;
mod tally;
#[cfg(test)]
mod test_engine;

pub(crate) use count::count;
pub(crate) use export::export;
pub(crate) use export_file::{ExportFile, IfExists};
pub(crate) use import::{import, validate};
pub(crate) use tally::Tally;

use crate::aws::table::Item;

/// The partition key's attribute.
const PK: &str = "pk";
/// The sort key's attribute.
const SK: &str = "sk";

/// Returns the key of an item, after which a scan can continue.
fn key_of(item: &Item) -> Item {
    [PK, SK].into_iter().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
}

#[cfg(test)]
mod tests;
