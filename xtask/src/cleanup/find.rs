//! Finds what there is of a project: what has its names, and what has its tags.

use std::collections::BTreeSet;

use super::{
    resource::{Kind, Resource},
    tagged,
};
use crate::{
    aws::{Account, ec2, ecs::Standing, tagging, tags, vpc_endpoint},
    stack::{Names, names::PROJECT},
};

/// What there is, in the order in which it can be removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Has both tags of the project.
    pub(crate) ours: Vec<Resource>,
    /// Has a name of the project and not its tags: somebody else made it.
    pub(crate) others: Vec<Resource>,
}

impl Found {
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.named(kind).is_some()
    }

    /// The name of the first of a kind that is ours.
    pub(crate) fn named(&self, kind: Kind) -> Option<&str> {
        self.ours.iter().find(|thing| thing.kind == kind).map(|thing| thing.name.as_str())
    }

    fn add(&mut self, thing: Resource, ours: bool) {
        if ours { self.ours.push(thing) } else { self.others.push(thing) }
    }
}

/// Looks for all of a project. The table's name is one of its variables, so whoever knows it says it.
pub(crate) async fn find(account: &Account, names: &Names, table: &str) -> anyhow::Result<Found> {
    let project = names.project();
    let mut found = Found::default();
    for (thing, by_name) in candidates(names, table, &tagging::arns(account, project).await?) {
        if thing.kind == Kind::Other {
            found.add(thing, true);
            continue;
        }
        let Some(tags) = tagged::tags(account, &thing).await? else { continue };
        let ours = tags::are_of(&tags, project);
        if ours || by_name {
            found.add(thing, ours);
        }
    }
    for (id, tags) in vpc_endpoint::tagged(account, PROJECT, project.as_str()).await? {
        if tags::are_of(&tags, project) {
            found.add(Resource::new(Kind::VpcEndpoint, id), true);
        }
    }
    let name = names.security_group();
    for group in ec2::security_groups(account, &name).await? {
        let ours = tags::are_of(&group.tags, project);
        found.add(Resource::with_id(Kind::SecurityGroup, &name, group.id), ours);
    }
    let revisions = tagged::revisions(account, names, Standing::Active).await?;
    let (ours, others): (Vec<_>, Vec<_>) = revisions.into_iter().partition(|(_, tags)| tags::are_of(tags, project));
    if !ours.is_empty() {
        found.add(Resource::new(Kind::TaskDefinitions, names.family()), true);
    }
    for (arn, _) in others {
        found.add(Resource::new(Kind::TaskDefinitions, arn.rsplit('/').next().unwrap_or(&arn)), false);
    }
    found.ours.sort();
    found.others.sort();
    Ok(found)
}

/// What may be there, each once, and whether it has one of the project's names.
fn candidates(names: &Names, table: &str, arns: &[String]) -> Vec<(Resource, bool)> {
    let mut named = vec![
        Resource::new(Kind::Service, format!("{}/{}", names.cluster(), names.service())),
        Resource::new(Kind::Cluster, names.cluster()),
        Resource::new(Kind::LogGroup, names.log_group()),
        Resource::new(Kind::Parameter, names.token_parameter()),
        Resource::new(Kind::Table, table),
        Resource::new(Kind::Repository, names.repository()),
    ];
    named.extend(names.roles().map(|role| Resource::new(Kind::Role, role)));
    let mut seen: BTreeSet<Resource> = named.iter().cloned().collect();
    let tagged: Vec<Resource> =
        arns.iter().filter_map(|arn| Resource::of_arn(arn)).filter(|thing| seen.insert(thing.clone())).collect();
    named.into_iter().map(|thing| (thing, true)).chain(tagged.into_iter().map(|thing| (thing, false))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_twice_is_looked_at_once_and_tags_find_more() {
        let names = Names::of(&"gone-a".parse().unwrap());
        let arns = ["gone-a-state", "my-own-table"]
            .map(|name| format!("arn:aws:dynamodb:us-east-1:123456789012:table/{name}"));
        let found = candidates(&names, &names.table(), &arns);
        let tables: Vec<_> = found.iter().filter(|(thing, _)| thing.kind == Kind::Table).collect();
        assert_eq!(
            tables,
            [&(Resource::new(Kind::Table, "gone-a-state"), true), &(Resource::new(Kind::Table, "my-own-table"), false)]
        );
    }
}
