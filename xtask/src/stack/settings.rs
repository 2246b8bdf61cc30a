//! What this machine remembers of a deployment, so that it need not be said again: its region, and where its state is.

use std::{fs, io};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use super::{backend::Backend, home::Home};
use crate::error::{ErrorExt, Exit};

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) state: Backend,
}

impl Settings {
    /// What is remembered of a deployment, if anything.
    pub(crate) fn load(home: &Home) -> anyhow::Result<Option<Self>> {
        let path = home.settings();
        match fs::read(&path) {
            Ok(json) => {
                let settings = serde_json::from_slice(&json).with_context(|| format!("cannot read {}", path.display()));
                settings.hint(format!("delete {}, and say --region and --state again", path.display())).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub(crate) fn save(&self, home: &Home) -> anyhow::Result<()> {
        home.create()?;
        let path = home.settings();
        let json = serde_json::to_vec_pretty(self).context("cannot put the settings in writing")?;
        fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))
    }

    /// What holds now: what the command line says, unless it is not what the deployment was made with.
    pub(crate) fn agree(remembered: Option<Self>, region: &str, state: Option<&str>) -> anyhow::Result<Self> {
        let state =
            state.map(str::parse::<Backend>).transpose().map_err(|wrong| anyhow!(wrong)).exit_code(Exit::Usage)?;
        let Some(remembered) = remembered else {
            return Ok(Self { region: region.to_owned(), state: state.unwrap_or_default() });
        };
        if remembered.region != region {
            return Err(anyhow!("this project is deployed in {}, not in {region}", remembered.region))
                .hint(format!("say --region {}, or deploy another --project in {region}", remembered.region))
                .exit_code(Exit::Usage);
        }
        match state {
            Some(state) if state != remembered.state => Err(anyhow!(
                "the state of this project is kept {}, not in {state}",
                remembered.state
            ))
            .hint("destroy the project and deploy it again to keep its state elsewhere (--keep-data keeps the notes)")
            .exit_code(Exit::Usage),
            _ => Ok(remembered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_once_need_not_be_said_again_and_cannot_be_changed_by_saying_it() {
        let first = Settings::agree(None, "us-east-1", Some("s3://states/a")).unwrap();
        assert_eq!(Settings::agree(Some(first.clone()), "us-east-1", None).unwrap(), first);
        assert!(Settings::agree(Some(first.clone()), "eu-west-1", None).is_err());
        assert!(Settings::agree(Some(first), "us-east-1", Some("s3://states/b")).is_err());
    }

    #[test]
    fn settings_come_back_from_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert_eq!(Settings::load(&home).unwrap(), None);
        let settings = Settings { region: "us-east-1".to_owned(), state: "s3://states/a".parse().unwrap() };
        settings.save(&home).unwrap();
        assert_eq!(Settings::load(&home).unwrap(), Some(settings));
    }
}
