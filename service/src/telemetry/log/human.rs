//! The fields of a line for people: its own, then those of the call that it belongs to.

use std::fmt;

use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FormatFields,
        format::{DefaultFields, Writer},
    },
};

use crate::telemetry::call;

/// The format.
#[derive(Debug, Default)]
pub(super) struct Human(DefaultFields);

impl<'w> FormatFields<'w> for Human {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        self.0.format_fields(writer.by_ref(), fields)?;
        let of_call = |call: &call::Call| call.fields().try_for_each(|(name, value)| write!(writer, " {name}={value}"));
        call::current(of_call).unwrap_or(Ok(()))
    }
}
