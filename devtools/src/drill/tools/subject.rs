//! The tools under test: their servers, their calls, and how their state is read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The meter that all calls add to.
const METER: &str = "drill";

/// The state of one principal as it is stored.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    /// The quantity of each item. Each call adds 1 to an item of its own.
    Items(BTreeMap<String, u64>),
    /// One number, to which each call adds 1.
    Sum(u64),
}

/// A tool under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// `examples/cart`: each call adds an item of its own to one cart, without an idempotency key.
    Cart,
    /// `examples/meter`: each call adds 1 to one counter, with an idempotency key.
    Meter,
    /// The cart in FastMCP's session state, in the same table.
    FastMcpCart,
    /// The meter on FastMCP's session state. FastMCP has no idempotency keys, so its clients repeat no call.
    FastMcpMeter,
}

impl Subject {
    /// The subjects that have to keep all guarantees.
    pub(crate) const OWN: [Self; 2] = [Self::Cart, Self::Meter];
    /// The subjects that these are compared with.
    pub(crate) const PEERS: [Self; 2] = [Self::FastMcpCart, Self::FastMcpMeter];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::Meter => "meter",
            Self::FastMcpCart => "FastMCP cart",
            Self::FastMcpMeter => "FastMCP meter",
        }
    }

    /// True if calls carry an idempotency key and are repeated until they are acknowledged.
    pub(super) fn is_keyed(self) -> bool {
        self == Self::Meter
    }

    /// The number of clients of another principal. The peers run without authentication, so they have one principal.
    pub(super) fn other_clients(self, number: usize) -> usize {
        if Self::OWN.contains(&self) { number } else { 0 }
    }

    /// Returns the tool and the arguments of a call.
    pub(super) fn call(self, session: &str, id: &str) -> (&'static str, Value) {
        match self {
            Self::Cart | Self::FastMcpCart => ("add_item", json!({"session_id": session, "item": id, "quantity": 1})),
            Self::Meter => ("record_usage", json!({"meter": METER, "units": 1, "idempotency_key": id})),
            Self::FastMcpMeter => ("record_usage", json!({"session_id": session, "meter": METER, "units": 1})),
        }
    }

    /// Returns the call that creates the session of all calls, or `None` if any name will do.
    pub(super) fn session_call(self) -> Option<&'static str> {
        Self::PEERS.contains(&self).then_some("create_session")
    }

    /// Returns the call that reads the state.
    pub(super) fn read_call(self, session: &str) -> (&'static str, Value) {
        match self {
            Self::Cart | Self::FastMcpCart => ("show_cart", json!({"session_id": session})),
            Self::Meter => ("get_usage", json!({"meter": METER})),
            Self::FastMcpMeter => ("get_usage", json!({"session_id": session, "meter": METER})),
        }
    }

    /// Returns the state in the result of that call.
    pub(super) fn parse(self, state: &Value) -> Option<Stored> {
        match self {
            Self::Cart | Self::FastMcpCart => serde_json::from_value(state["items"].clone()).ok().map(Stored::Items),
            Self::Meter | Self::FastMcpMeter => state["units"].as_u64().map(Stored::Sum),
        }
    }
}
