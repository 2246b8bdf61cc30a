//! Finds the deployments on this machine by their directories.

use std::fs;

use super::{home::Home, identity, record};
use crate::project::Project;

/// Returns every deployment that keeps a directory, running or not, by name.
fn all() -> Vec<(Project, Home)> {
    let Ok(home) = Home::of(&Project::default()) else { return Vec::new() };
    let Some(parent) = home.root().parent() else { return Vec::new() };
    let names =
        fs::read_dir(parent).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut projects: Vec<Project> = names.filter_map(|name| name.parse().ok()).collect();
    projects.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    projects.into_iter().filter_map(|project| Some((project.clone(), Home::of(&project).ok()?))).collect()
}

/// Returns the running deployment that holds a port.
pub(crate) fn holding(port: u16) -> Option<Project> {
    let holds = |home: &Home| {
        let record = record::load(home).ok().flatten()?;
        (record.launch.uses(port) && identity::is_running(&record.identity).unwrap_or(false)).then_some(())
    };
    all().into_iter().find(|(_, home)| holds(home).is_some()).map(|(project, _)| project)
}
