//! A line of the log as one flat JSON object: when, how grave, what, its fields, and the call that it belongs to.
//!
//! Not the `Json` of tracing-subscriber: that keeps a call's fields in a span, as JSON that is parsed and written anew for
//! each field that is added.

use std::fmt;

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use super::time;
use crate::{json, telemetry::call};

/// Most lines are shorter.
const USUAL_BYTES: usize = 320;

/// The format.
#[derive(Debug)]
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Line(String::with_capacity(USUAL_BYTES));
        line.0.push('{');
        line.text("timestamp", &time::stamp());
        line.text("level", metadata.level().as_str());
        event.record(&mut line);
        call::current(|call| call.fields().for_each(|(name, value)| line.text(name, value)));
        line.text("target", metadata.target());
        line.0.push_str("}\n");
        writer.write_str(&line.0)
    }
}

/// A line that is being written: an object that is still open.
struct Line(String);

impl Line {
    /// Adds a field. Its name is a literal of the code, and needs no escapes.
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
        // Texts and numbers are always JSON.
        self.add(name, &serde_json::to_string(value).unwrap_or_default());
    }
}

/// Takes an event's own fields; `message` is one of them.
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
    fn every_text_comes_back_from_the_line() {
        let texts = ["", "plain", "{", "a \"quote\"", "C:\\", "two\nlines", "\u{0}\u{1f}\u{7f}", "\u{1f600} \u{2028}"];
        for text in texts {
            let mut line = Line("{".to_owned());
            line.text("a", text);
            line.text("b", "after it");
            line.value("c", &1.5);
            let read: Value = serde_json::from_str(&format!("{}}}", line.0)).unwrap();
            assert_eq!(read, json!({"a": text, "b": "after it", "c": 1.5}));
        }
    }
}
