//! The result of a destroy: resources that are gone, kept on request, foreign, or left over.

use serde_json::{Value, json};

use super::resource::Resource;
use crate::columns;

/// An owned resource that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) resource: Resource,
    /// The error of the last attempt, or that AWS is still deleting it.
    pub(crate) reason: String,
}

/// The fate of every resource that a destroy found.
#[derive(Debug, Default)]
pub(crate) struct Receipt {
    pub(crate) gone: Vec<Resource>,
    /// Each with its contents, such as the number of notes.
    pub(crate) kept: Vec<(Resource, String)>,
    /// Foreign resources.
    pub(crate) left_alone: Vec<Resource>,
    pub(crate) leftovers: Vec<Leftover>,
}

impl Receipt {
    /// Renders the receipt as a table.
    pub(crate) fn table(&self) -> String {
        let row = |word: &str, resource: &Resource, detail: String| {
            vec![word.to_owned(), resource.kind.words().to_owned(), resource.name.clone(), detail]
        };
        let gone = self.gone.iter().map(|resource| row("gone", resource, String::new()));
        let kept = self.kept.iter().map(|(resource, detail)| row("kept", resource, detail.clone()));
        let left_alone = self
            .left_alone
            .iter()
            .map(|resource| row("left alone", resource, "not created by this project".to_owned()));
        let leftovers = self.leftovers.iter().map(|left| row("left", &left.resource, left.reason.clone()));
        let rows: Vec<_> = gone.chain(kept).chain(left_alone).chain(leftovers).collect();
        columns::render(&rows)
    }

    /// Renders the receipt as a `destroyed` event.
    pub(crate) fn event(&self, project: &str) -> Value {
        let left: Vec<_> =
            self.leftovers.iter().map(|left| json!({"thing": left.resource, "reason": left.reason})).collect();
        json!({
            "event": "destroyed",
            "project": project,
            "gone": self.gone,
            "kept": self.kept.iter().map(|(resource, _)| resource).collect::<Vec<_>>(),
            "left_alone": self.left_alone,
            "left": left,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Kind, *};

    #[test]
    fn receipt_lists_every_resource() {
        let receipt = Receipt {
            gone: vec![Resource::new(Kind::Service, "a-cluster/a-svc")],
            kept: vec![(Resource::new(Kind::Table, "a-state"), "1 session with 2 notes".to_owned())],
            left_alone: vec![Resource::new(Kind::Repository, "mcp-dynamodb")],
            leftovers: vec![Leftover {
                resource: Resource::new(Kind::Role, "a-task-role"),
                reason: "AccessDenied".to_owned(),
            }],
        };
        let expected = "\
gone        service           a-cluster/a-svc
kept        table             a-state          1 session with 2 notes
left alone  image repository  mcp-dynamodb     not created by this project
left        role              a-task-role      AccessDenied";
        assert_eq!(receipt.table(), expected);
        let event = receipt.event("a");
        assert_eq!(event["left"][0]["reason"], "AccessDenied");
        assert_eq!(event["gone"][0]["kind"], "service");
    }
}
