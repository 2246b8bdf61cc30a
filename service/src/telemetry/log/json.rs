//! Formats a log line as one flat JSON object: timestamp, level, message, fields, and the fields of the current call.
//!
//! The `Json` format of tracing-subscriber is not used: it keeps a call's fields in a span, as JSON that is parsed and
//! serialized again for each added field.

use std::{
    cell::RefCell,
    fmt::{self, Write},
    time::UNIX_EPOCH,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::{
    clock::{now, rfc3339},
    json,
    telemetry::call,
};

/// The initial capacity of a line. Most lines are shorter.
const LINE_CAPACITY: usize = 320;

/// The JSON format.
#[derive(Debug)]
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Line(String::with_capacity(LINE_CAPACITY));
        line.0.push('{');
        line.text("timestamp", &timestamp());
        line.text("level", metadata.level().as_str());
        event.record(&mut line);
        call::with_current(|call| call.fields().for_each(|(name, value)| line.text(name, &value)));
        line.text("target", metadata.target());
        line.0.push_str("}\n");
        writer.write_str(&line.0)
    }
}

thread_local! {
    /// The latest second and its text, which most lines share with the line before.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Returns the current time as RFC 3339 in UTC, to the microsecond.
fn timestamp() -> String {
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

/// A line under construction: a JSON object without its closing brace.
struct Line(String);

impl Line {
    /// Adds a field. Its name is a literal in the code and needs no escaping.
    fn add(&mut self, name: &str, json: &str) {
        let separator = if self.0.ends_with('{') { "\"" } else { ",\"" };
        [separator, name, "\":", json].into_iter().for_each(|part| self.0.push_str(part));
    }

    fn text(&mut self, name: &str, value: &str) {
        if !json::is_plain(value) {
            return self.value(name, value);
        }
        self.add(name, "\"");
        self.0.push_str(value);
        self.0.push('"');
    }

    fn value<T: serde::Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        // Serializing a text or a number does not fail.
        self.add(name, &serde_json::to_string(value).unwrap_or_default());
    }
}

/// Adds an event's own fields, one of which is `message`.
impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.value(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.value(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.value(field.name(), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.value(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn any_text_round_trips_through_a_line() {
        let texts = ["", "plain", "{", "a \"quote\"", "C:\\", "two\nlines", "\u{0}\u{1f}\u{7f}", "\u{1f600} \u{2028}"];
        for text in texts {
            let mut line = Line("{".to_owned());
            line.text("a", text);
            line.text("b", "after it");
            line.value("c", &1.5);
            let read: Value = serde_json::from_str(&format!("{}}}", line.0)).unwrap();
            assert_eq!(read, json!({"a": text, "b": "after it", "c": 1.5}), "{text:?}");
        }
    }
}
