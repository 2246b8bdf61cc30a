//! The cart of a session, and the orders that were placed from it.

use std::collections::BTreeMap;

use mcp_stateful::prelude::*;

/// The most of one item that a cart holds.
pub(crate) const MAX_QUANTITY: u32 = 1_000;

/// The items of a session's cart.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Cart {
    /// The quantity of each item.
    pub(crate) items: BTreeMap<String, u32>,
}

impl State for Cart {
    const NAME: &'static str = "cart";
}

impl Cart {
    /// Adds to an item, and returns its new quantity, or `None` if the cart would hold more than [`MAX_QUANTITY`].
    pub(crate) fn add(&mut self, item: &str, quantity: u32) -> Option<u32> {
        let held = self.items.get(item).copied().unwrap_or_default();
        let sum = held.checked_add(quantity).filter(|sum| *sum <= MAX_QUANTITY)?;
        self.items.insert(item.to_owned(), sum);
        Some(sum)
    }

    /// Removes an item, and returns its quantity.
    pub(crate) fn remove(&mut self, item: &str) -> Option<u32> {
        self.items.remove(item)
    }
}

/// An order: the items that a cart had at its checkout.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Order {
    /// The quantity of each item.
    pub(crate) items: BTreeMap<String, u32>,
}

/// The name of the log with a session's orders.
pub(crate) const ORDERS: &str = "orders";
