//! What a destroy came to: what is gone, what was kept on purpose, what is somebody else's, what is left.

use serde_json::{Value, json};

use super::resource::Resource;
use crate::columns;

/// What is ours and still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) thing: Resource,
    /// Why, as far as AWS says.
    pub(crate) reason: String,
}

/// The whole of it.
#[derive(Debug, Default)]
pub(crate) struct Receipt {
    pub(crate) gone: Vec<Resource>,
    /// With what is in it.
    pub(crate) kept: Vec<(Resource, String)>,
    pub(crate) left_alone: Vec<Resource>,
    pub(crate) left: Vec<Left>,
}

impl Receipt {
    /// For people.
    pub(crate) fn table(&self) -> String {
        let row = |word: &str, thing: &Resource, detail: String| {
            vec![word.to_owned(), thing.kind.words().to_owned(), thing.name.clone(), detail]
        };
        let gone = self.gone.iter().map(|thing| row("gone", thing, String::new()));
        let kept = self.kept.iter().map(|(thing, detail)| row("kept", thing, detail.clone()));
        let left_alone =
            self.left_alone.iter().map(|thing| row("left alone", thing, "not made by this project".to_owned()));
        let left = self.left.iter().map(|left| row("left", &left.thing, left.reason.clone()));
        let rows: Vec<_> = gone.chain(kept).chain(left_alone).chain(left).collect();
        columns::render(&rows)
    }

    /// For programs.
    pub(crate) fn event(&self, project: &str) -> Value {
        let left: Vec<_> = self.left.iter().map(|left| json!({"thing": left.thing, "reason": left.reason})).collect();
        json!({
            "event": "destroyed",
            "project": project,
            "gone": self.gone,
            "kept": self.kept.iter().map(|(thing, _)| thing).collect::<Vec<_>>(),
            "left_alone": self.left_alone,
            "left": left,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Kind, *};

    #[test]
    fn a_receipt_says_of_each_thing_what_became_of_it() {
        let receipt = Receipt {
            gone: vec![Resource::new(Kind::Service, "a-cluster/a-svc")],
            kept: vec![(Resource::new(Kind::Table, "a-state"), "1 session with 2 notes".to_owned())],
            left_alone: vec![Resource::new(Kind::Repository, "mcp-dynamodb")],
            left: vec![Left { thing: Resource::new(Kind::Role, "a-task-role"), reason: "AccessDenied".to_owned() }],
        };
        let expected = "\
gone        service           a-cluster/a-svc
kept        table             a-state          1 session with 2 notes
left alone  image repository  mcp-dynamodb     not made by this project
left        role              a-task-role      AccessDenied";
        assert_eq!(receipt.table(), expected);
        let event = receipt.event("a");
        assert_eq!(event["left"][0]["reason"], "AccessDenied");
        assert_eq!(event["gone"][0]["kind"], "service");
    }
}
