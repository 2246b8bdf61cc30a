//! A store inside this process, beside the SDK client that every store has.

use std::fmt::Debug;

/// The state of a store that no request reports.
pub(super) trait LocalStore: Debug + Send + Sync {
    /// Returns true if its file existed when it was opened.
    fn existed(&self) -> bool;
    /// Returns true if it has this table, complete. DescribeTable would count its items, which reads a large file
    /// whole.
    fn has_table(&self, name: &str) -> bool;
    /// Returns true if its file is damaged.
    fn is_damaged(&self) -> bool;
    /// Closes it. Blocks until the operations in progress have ended. Later ones fail.
    fn close(&self);
}
