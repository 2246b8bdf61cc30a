//! The settings that this machine remembers of a deployment: its region, and the backend of its state.

use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use super::{backend::Backend, home::Home};
use crate::{
    error::{ErrorExt, Exit},
    json_file,
};

/// The region and backend that a deployment was created with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) state: Backend,
}

impl Settings {
    /// Loads the settings, if the deployment is known on this machine.
    pub(crate) fn load(home: &Home) -> anyhow::Result<Option<Self>> {
        let path = home.settings();
        json_file::load(&path).hint(format!("delete {} and pass --region and --state again", path.display()))
    }

    /// Saves the settings for later commands.
    pub(crate) fn save(&self, home: &Home) -> anyhow::Result<()> {
        home.create()?;
        json_file::save(&home.settings(), self)
    }

    /// Merges the remembered settings with the command line.
    ///
    /// Fails with [`Exit::Usage`] if they contradict: a deployment cannot move to another region or backend.
    pub(crate) fn merge(remembered: Option<Self>, region: &str, state: Option<&str>) -> anyhow::Result<Self> {
        let state =
            state.map(str::parse::<Backend>).transpose().map_err(|wrong| anyhow!(wrong)).exit_code(Exit::Usage)?;
        let Some(remembered) = remembered else {
            return Ok(Self { region: region.to_owned(), state: state.unwrap_or_default() });
        };
        if remembered.region != region {
            return Err(anyhow!("this project is deployed in {}, not in {region}", remembered.region))
                .hint(format!("use `--region {}`, or deploy another --project in {region}", remembered.region))
                .exit_code(Exit::Usage);
        }
        match state {
            Some(state) if state != remembered.state => {
                Err(anyhow!("the state of this project is kept {}, not in {state}", remembered.state))
                    .hint("to move the state, destroy the project with --keep-data and deploy it again")
                    .exit_code(Exit::Usage)
            }
            _ => Ok(remembered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_state_url_is_reused() {
        let first = Settings::merge(None, "us-east-1", Some("s3://states/a")).unwrap();
        assert_eq!(Settings::merge(Some(first.clone()), "us-east-1", None).unwrap(), first);
        assert!(Settings::merge(Some(first.clone()), "eu-west-1", None).is_err());
        assert!(Settings::merge(Some(first), "us-east-1", Some("s3://states/b")).is_err());
    }

    #[test]
    fn saved_settings_are_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert_eq!(Settings::load(&home).unwrap(), None);
        let settings = Settings { region: "us-east-1".to_owned(), state: "s3://states/a".parse().unwrap() };
        settings.save(&home).unwrap();
        assert_eq!(Settings::load(&home).unwrap(), Some(settings));
    }
}
