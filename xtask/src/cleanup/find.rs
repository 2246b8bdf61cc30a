//! Finds the existing resources of a project: those with its names, and those with its tags.

use std::collections::BTreeSet;

use super::{
    resource::{Kind, Resource},
    tagged,
};
use crate::{
    aws::{
        Account, ec2,
        ecs::TaskDefinitionStatus,
        logs, tagging,
        tags::{self, PROJECT},
        vpc_endpoint,
    },
    stack::Names,
};

/// Existing resources, in the order in which they can be removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Resources with both tags of the project.
    pub(crate) owned: Vec<Resource>,
    /// Resources with a name of the project but without its tags. The deployer never changes them.
    pub(crate) foreign: Vec<Resource>,
}

impl Found {
    /// Returns whether the project owns a resource of this kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.named(kind).is_some()
    }

    /// Returns the name of the first owned resource of this kind.
    pub(crate) fn named(&self, kind: Kind) -> Option<&str> {
        self.owned.iter().find(|resource| resource.kind == kind).map(|resource| resource.name.as_str())
    }

    fn add(&mut self, resource: Resource, owned: bool) {
        if owned { self.owned.push(resource) } else { self.foreign.push(resource) }
    }
}

/// A resource that may exist, and how it was come by.
type Candidate = (Resource, Source);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// It has one of the project's names.
    Name,
    /// The tagging API listed it with the project's tags.
    Tags,
}

/// Finds the resources of a project.
///
/// AWS creates the log group of Container Insights for a cluster, without tags. It belongs to the project unless
/// another owner has a cluster of that name. `table` is the table's name, which the variable `table_name` can change.
pub(crate) async fn find(account: &Account, names: &Names, table: &str) -> anyhow::Result<Found> {
    let project = names.project();
    let mut found = Found::default();
    for (resource, source) in candidates(names, table, &tagging::arns(account, project).await?) {
        if resource.kind == Kind::Other {
            found.add(resource, true);
            continue;
        }
        let Some(tags) = tagged::tags(account, &resource).await? else { continue };
        let owned = tags::belong_to(&tags, project);
        if owned || source == Source::Name {
            found.add(resource, owned);
        }
    }
    let insights = names.insights_log_group();
    if logs::group(account, &insights).await?.is_some() {
        let owned = !found.foreign.contains(&Resource::new(Kind::Cluster, names.cluster()));
        found.add(Resource::new(Kind::InsightsLogGroup, insights), owned);
    }
    for (id, tags) in vpc_endpoint::tagged(account, PROJECT, project.as_str()).await? {
        if tags::belong_to(&tags, project) {
            found.add(Resource::new(Kind::VpcEndpoint, id), true);
        }
    }
    let name = names.security_group();
    for group in ec2::security_groups(account, &name).await? {
        let owned = tags::belong_to(&group.tags, project);
        found.add(Resource::with_id(Kind::SecurityGroup, &name, group.id), owned);
    }
    let revisions = tagged::revisions(account, names, TaskDefinitionStatus::Active).await?;
    let (owned, foreign): (Vec<_>, Vec<_>) =
        revisions.into_iter().partition(|(_, tags)| tags::belong_to(tags, project));
    if !owned.is_empty() {
        found.add(Resource::new(Kind::TaskDefinitions, names.family()), true);
    }
    for (arn, _) in foreign {
        found.add(Resource::new(Kind::TaskDefinitions, arn.rsplit('/').next().unwrap_or(&arn)), false);
    }
    found.owned.sort();
    found.foreign.sort();
    Ok(found)
}

/// Lists the resources that may exist, each once.
fn candidates(names: &Names, table: &str, arns: &[String]) -> Vec<Candidate> {
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
        arns.iter().filter_map(|arn| Resource::from_arn(arn)).filter(|found| seen.insert(found.clone())).collect();
    let named = named.into_iter().map(|resource| (resource, Source::Name));
    named.chain(tagged.into_iter().map(|resource| (resource, Source::Tags))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_add_candidates_without_duplicates() {
        let names = Names::new(&"gone-a".parse().unwrap());
        let arns = ["gone-a-state", "my-own-table"]
            .map(|name| format!("arn:aws:dynamodb:us-east-1:123456789012:table/{name}"));
        let found = candidates(&names, &names.table(), &arns);
        let tables: Vec<_> = found.iter().filter(|(resource, _)| resource.kind == Kind::Table).collect();
        assert_eq!(
            tables,
            [
                &(Resource::new(Kind::Table, "gone-a-state"), Source::Name),
                &(Resource::new(Kind::Table, "my-own-table"), Source::Tags)
            ]
        );
    }
}
