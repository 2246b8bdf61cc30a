//! The tools.

use mcp_stateful::prelude::*;

use crate::rate::{self, Rate};

/// Adds units to one of your meters.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RecordUsage {
    /// The meter's name: letters, digits, `_`, `.` and `-`.
    meter: String,
    /// The units to add.
    #[schemars(range(min = 1, max = 1_000_000))]
    units: i64,
    idempotency_key: Option<IdempotencyKey>,
}

/// Returns the units of one of your meters.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GetUsage {
    /// The meter's name.
    meter: String,
}

/// The units that a call has recorded.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Recorded {
    recorded: i64,
    /// True if an earlier call with the same key recorded them.
    replayed: bool,
}

/// A meter.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Usage {
    units: i64,
}

impl Tool for RecordUsage {
    const NAME: &'static str = "record_usage";
    const EFFECT: Effect = Effect::Adds;
    type Output = Recorded;

    async fn call(self, cx: &Context) -> Result<Recorded, ToolError> {
        let (caller, meter, units) = (cx.principal(), self.meter.as_str(), self.units);
        let limit = rate::limit(cx)?;
        if self.idempotency_key.is_none() && limit.is_none() {
            // The cheapest way: one write. A call whose response is lost may be counted or not.
            cx.counter(caller, meter).add(units).await?;
            return Ok(Recorded { recorded: units, replayed: false });
        }
        let once = cx
            .once(caller, self.idempotency_key.as_ref(), |tx| async move {
                if let Some(limit) = limit {
                    tx.state::<Rate>(caller).update(|rate| rate.take(units, limit)).await??;
                }
                tx.counter(caller, meter).add(units)?;
                Ok(units)
            })
            .await?;
        Ok(Recorded { recorded: once.value, replayed: once.replayed })
    }
}

impl Tool for GetUsage {
    const NAME: &'static str = "get_usage";
    const EFFECT: Effect = Effect::Reads;
    type Output = Usage;

    async fn call(self, cx: &Context) -> Result<Usage, ToolError> {
        Ok(Usage { units: cx.counter(cx.principal(), &self.meter).get().await? })
    }
}
