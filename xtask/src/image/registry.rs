//! The ECR repository of a project's images: created if it is missing, used as it is if another owner created it.

use std::fmt;

use anyhow::Context;

use crate::{
    aws::{
        Account,
        ecr::{self, Repository},
        tags,
    },
    stack::Names,
    ui::Step,
};

/// The repository that images are pushed to.
#[derive(Debug, Clone)]
pub struct Registry {
    /// The repository's name.
    pub(crate) name: String,
    /// The registry's host and the name: the part of every image reference before `:` or `@`.
    pub(crate) uri: String,
    /// It was created a moment ago.
    pub(crate) created: bool,
    /// This project created it, now or before. `destroy` removes no other.
    pub(crate) owned: bool,
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let created = if self.created { ", created" } else { "" };
        let foreign = if self.owned { "" } else { ", not created by this project" };
        write!(f, "{}{created}{foreign}", self.uri)
    }
}

/// Returns the project's repository, creating it if it is missing.
pub(crate) async fn ensure(account: &Account, names: &Names, step: &Step) -> anyhow::Result<Registry> {
    let name = names.repository();
    if let Some(found) = ecr::repository(account, &name).await? {
        return existing(account, names, found, step).await;
    }
    match ecr::create(account, &name, &tags::for_project(names.project())).await? {
        Some(created) => {
            ecr::set_lifecycle_policy(account, &name).await?;
            Ok(Registry { name: created.name, uri: created.uri, created: true, owned: true })
        }
        None => {
            let found = ecr::repository(account, &name).await?;
            existing(account, names, found.with_context(|| format!("the repository {name} was deleted"))?, step).await
        }
    }
}

async fn existing(account: &Account, names: &Names, found: Repository, step: &Step) -> anyhow::Result<Registry> {
    let owned = tags::belong_to(&ecr::tags(account, &found).await?, names.project());
    match owned {
        // Set on every run, because an interruption after the creation may have left the repository without it.
        true => ecr::set_lifecycle_policy(account, &found.name).await?,
        false => step.warning(&format!(
            "the ECR repository {} was not created by this project: deploy uses its settings, destroy keeps it",
            found.name
        )),
    }
    Ok(Registry { name: found.name, uri: found.uri, created: false, owned })
}
