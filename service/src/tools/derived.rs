//! The definition of a tool, derived from its type.

use std::borrow::Cow;

use super::{definition::Definition, schema, tool::Tool};

impl Definition {
    /// Derives the definition from a tool's type: description and schemas from doc comments and fields.
    pub fn derived<T: Tool>() -> Self {
        let (description, input) = schema::of_arguments::<T>();
        Self {
            name: T::NAME,
            title: T::TITLE.map_or_else(|| title(T::NAME).into(), Cow::Borrowed),
            description,
            input,
            output: schema::of_result::<T::Output>(),
            effect: T::EFFECT,
            idempotent: T::IDEMPOTENT,
            open_world: T::OPEN_WORLD,
        }
    }
}

/// Makes a title from a name: `count_words` becomes `Count words`.
fn title(name: &str) -> String {
    let mut words = name.replace(['_', '-'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_is_made_from_the_name() {
        assert_eq!(title("count_words"), "Count words");
        assert_eq!(title("x"), "X");
    }
}
