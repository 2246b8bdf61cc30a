//! The values that a server gives to its tools.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
};

use super::Context;
use crate::tools::ToolError;

/// The values, one of each type.
#[derive(Default)]
pub(crate) struct Data(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Data {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(value));
    }

    fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({} values)", self.0.len())
    }
}

impl Context {
    /// Returns the value of type `T` that was given to [`Server::data`](crate::Server::data).
    ///
    /// # Errors
    /// [`ToolError::Internal`] if there is none. The log names the type.
    pub fn data<T: Send + Sync + 'static>(&self) -> Result<&T, ToolError> {
        let missing = || ToolError::internal(format!("no value of type {}; pass it to Server::data", type_name::<T>()));
        self.find_data().ok_or_else(missing)
    }

    /// Returns the value of type `T`, if there is one.
    pub(super) fn find_data<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.shared.data.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_found_by_its_type() {
        let mut data = Data::default();
        data.insert(5_u32);
        data.insert("text");
        assert_eq!((data.get::<u32>(), data.get::<&str>(), data.get::<u64>()), (Some(&5), Some(&"text"), None));
    }
}
