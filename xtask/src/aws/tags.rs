//! Tags as AWS's services give them, and whose they say a thing is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    project::Project,
    stack::names::{MANAGED_BY, PROJECT},
};

/// The tags of one thing.
pub(crate) type Tags = BTreeMap<String, String>;

/// Whether this project made what has these tags: it takes both tags, for people use `Project` too.
pub(crate) fn are_of(tags: &Tags, project: &Project) -> bool {
    let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
    is(PROJECT, project.as_str()) && is(MANAGED_BY.0, MANAGED_BY.1)
}

/// Tags from a list of objects with `Key` and `Value`.
pub(super) fn from_json(list: &Value) -> Tags {
    let pair = |tag: &Value| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned()));
    list.as_array().into_iter().flatten().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_ours_has_both_tags_and_the_whole_name() {
        let project: Project = "gone-a".parse().unwrap();
        let tags = |project: &str, managed_by: &str| {
            from_json(&json!([{"Key": "Project", "Value": project}, {"Key": "ManagedBy", "Value": managed_by}]))
        };
        assert!(are_of(&tags("gone-a", "mcp-stateful/infra"), &project));
        assert!(!are_of(&tags("gone-a2", "mcp-stateful/infra"), &project));
        assert!(!are_of(&tags("gone-a", "somebody"), &project));
        assert!(!are_of(&from_json(&json!([{"Key": "Project", "Value": "gone-a"}])), &project));
        assert!(!are_of(&Tags::new(), &project));
    }
}
