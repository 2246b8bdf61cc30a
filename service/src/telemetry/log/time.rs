//! A line's time: RFC 3339 in UTC, to the microsecond.

use std::{cell::RefCell, fmt::Write, time::UNIX_EPOCH};

use crate::clock::{now, rfc3339};

thread_local! {
    /// A second and its text: most lines share it with the line before.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Now.
pub(super) fn stamp() -> String {
    let since = now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != since.as_secs() || text.is_empty() {
            (*second, *text) = (since.as_secs(), rfc3339(since.as_secs()));
        }
        let mut stamp = String::with_capacity(text.len() + 7);
        stamp.push_str(text.trim_end_matches('Z'));
        // Writing to a String does not fail.
        write!(stamp, ".{:06}Z", since.subsec_micros()).ok();
        stamp
    })
}
