//! The tools.

mod add_item;
mod checkout;
mod remove_item;
mod show_cart;

pub(crate) use add_item::AddItem;
pub(crate) use checkout::Checkout;
pub(crate) use remove_item::RemoveItem;
pub(crate) use show_cart::ShowCart;
