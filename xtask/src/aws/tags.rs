//! Tags of AWS resources, and the two by which a project's resources are recognised.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::project::Project;

/// The tag that marks everything this deployer creates. `infra/versions.tf` sets it, together with [`PROJECT`].
pub(crate) const MANAGED_BY: (&str, &str) = ("ManagedBy", "mcp-stateful/infra");
/// The key of the tag that holds the project's name.
pub(crate) const PROJECT: &str = "Project";

/// The tags of one resource.
pub(crate) type Tags = BTreeMap<String, String>;

/// A tag as the JSON protocols list it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// Returns the tags that mark a project's resources.
pub(crate) fn for_project(project: &Project) -> Tags {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Tags::from([pair(PROJECT, project.as_str()), pair(MANAGED_BY.0, MANAGED_BY.1)])
}

/// Returns whether a resource with these tags belongs to the project. Both tags are required, because `Project`
/// alone is in common use.
pub(crate) fn belong_to(tags: &Tags, project: &Project) -> bool {
    for_project(project).iter().all(|(key, value)| tags.get(key) == Some(value))
}

/// Collects the tags of a list.
pub(super) fn from_list(list: Vec<Tag>) -> Tags {
    list.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_takes_both_tags_and_the_whole_name() {
        let project: Project = "gone-a".parse().unwrap();
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert!(belong_to(&for_project(&project), &project));
        assert!(belong_to(
            &tags(&[("Project", "gone-a"), ("ManagedBy", "mcp-stateful/infra"), ("more", "")]),
            &project
        ));
        assert!(!belong_to(&tags(&[("Project", "gone-a2"), ("ManagedBy", "mcp-stateful/infra")]), &project));
        assert!(!belong_to(&tags(&[("Project", "gone-a"), ("ManagedBy", "another team")]), &project));
        assert!(!belong_to(&tags(&[("Project", "gone-a")]), &project));
        assert!(!belong_to(&Tags::new(), &project));
    }

    #[test]
    fn infra_sets_both_tags() {
        let versions = include_str!("../../../infra/versions.tf");
        assert!(versions.contains(MANAGED_BY.1) && versions.contains(MANAGED_BY.0) && versions.contains(PROJECT));
    }
}
