//! The text of a new tool.

use super::name::{ToolName, capitalized};

/// The parts of a tool beside its arguments and its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kind {
    /// It keeps a state in its session.
    pub(crate) state: bool,
    /// It caches its result.
    pub(crate) cached: bool,
}

impl Kind {
    fn template(self) -> &'static str {
        match (self.state, self.cached) {
            (false, false) => include_str!("templates/plain.rs.txt"),
            (true, false) => include_str!("templates/state.rs.txt"),
            (false, true) => include_str!("templates/cached.rs.txt"),
            (true, true) => include_str!("templates/state_cached.rs.txt"),
        }
    }
}

/// Renders a tool's file, for this repository or another crate.
pub(super) fn render(name: &ToolName, kind: Kind, in_service: bool) -> String {
    let values = [
        ("library", if in_service { "crate" } else { "mcp_stateful" }),
        ("name", name.as_str()),
        ("title", &capitalized(&name.as_str().replace('_', " "))),
        ("type", &name.type_name()),
    ];
    values.into_iter().fold(kind.template().to_owned(), |text, (placeholder, value)| {
        text.replace(&format!("{{{{{placeholder}}}}}"), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled() {
        let name = "count_words".parse().unwrap();
        for (state, cached) in [(false, false), (true, false), (false, true), (true, true)] {
            let text = render(&name, Kind { state, cached }, false);
            assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
            assert!(text.contains("const NAME: &'static str = \"count_words\";\n    const EFFECT"), "{text}");
            assert_eq!(text.contains("cx.state::<CountWordsState>"), state, "{text}");
            assert_eq!(text.contains("cx.cached("), cached, "{text}");
        }
        assert!(render(&name, Kind::default(), true).contains("use crate::prelude::*;"));
    }
}
