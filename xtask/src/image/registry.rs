//! The repository that a project's images go to: made if it is not there, and left as it is if somebody else made it.

use std::fmt;

use anyhow::Context;

use crate::{
    aws::{
        Account,
        ecr::{self, Repository},
        tags::{self, Tags},
    },
    stack::{
        Names,
        names::{MANAGED_BY, PROJECT},
    },
    ui::Step,
};

/// Where images go.
#[derive(Debug, Clone)]
pub struct Registry {
    /// The repository's name.
    pub(crate) name: String,
    /// The registry's host and the name: the first part of every reference to an image.
    pub(crate) uri: String,
    /// Whether it was made just now.
    pub(crate) made: bool,
    /// Whether this project made it, now or before; `destroy` removes no other.
    pub(crate) ours: bool,
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = if self.made { ", made just now" } else { "" };
        let ours = if self.ours { "" } else { ", which somebody else made" };
        write!(f, "{}{made}{ours}", self.uri)
    }
}

/// Finds the repository, or makes it.
pub(crate) async fn ensure(account: &Account, names: &Names, step: &Step) -> anyhow::Result<Registry> {
    let name = names.repository();
    if let Some(found) = ecr::repository(account, &name).await? {
        return take(account, names, found, step).await;
    }
    match ecr::create(account, &name, &ours(names)).await? {
        Some(made) => {
            ecr::limit_what_is_kept(account, &name).await?;
            Ok(Registry { name: made.name, uri: made.uri, made: true, ours: true })
        }
        None => {
            let found = ecr::repository(account, &name).await?;
            take(account, names, found.with_context(|| format!("the repository {name} comes and goes"))?, step).await
        }
    }
}

async fn take(account: &Account, names: &Names, found: Repository, step: &Step) -> anyhow::Result<Registry> {
    let ours = tags::are_of(&ecr::tags(account, &found).await?, names.project());
    match ours {
        // Again each time: whoever was interrupted after making it did not come to this.
        true => ecr::limit_what_is_kept(account, &found.name).await?,
        false => step.warning(&format!(
            "the ECR repository {} was not made by this project: it is used with the settings that it has, and destroy will leave it",
            found.name
        )),
    }
    Ok(Registry { name: found.name, uri: found.uri, made: false, ours })
}

fn ours(names: &Names) -> Tags {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Tags::from([pair(PROJECT, names.project().as_str()), pair(MANAGED_BY.0, MANAGED_BY.1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_known_again() {
        let names = Names::of(&"ab".parse().unwrap());
        assert!(tags::are_of(&ours(&names), names.project()));
        assert!(!tags::are_of(&ours(&names), &"abc".parse().unwrap()));
    }
}
