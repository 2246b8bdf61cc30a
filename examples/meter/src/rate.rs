//! The rate of a principal: the units that it has used in the current minute, at all replicas.

use std::time::{SystemTime, UNIX_EPOCH};

use mcp_stateful::prelude::*;

/// The variable with the limit. Without it, there is none.
const LIMIT: &str = "UNITS_PER_MINUTE";

/// The usage of one minute.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rate {
    minute: u64,
    units: i64,
}

impl State for Rate {
    const NAME: &'static str = "rate";
}

impl Rate {
    /// Counts units. Returns an error if they exceed the limit of the minute.
    pub(crate) fn take(&mut self, units: i64, limit: i64) -> Result<(), ToolError> {
        let minute = minute();
        if self.minute != minute {
            *self = Self { minute, units: 0 };
        }
        let sum = self.units.saturating_add(units);
        if sum > limit {
            return Err(ToolError::failed(format!("over the limit of {limit} units a minute: call again in a minute")));
        }
        self.units = sum;
        Ok(())
    }
}

/// Returns the limit, if one is set.
pub(crate) fn limit(cx: &Context) -> Result<Option<i64>, ToolError> {
    let invalid = |value: &str| format!("invalid {LIMIT} {value:?}: expected a whole number, such as 100");
    cx.env(LIMIT).map(|value| value.parse().map_err(|_| ToolError::internal(invalid(&value)))).transpose()
}

#[expect(clippy::disallowed_methods, reason = "the only place that reads the clock")]
fn minute() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60
}
