//! Asks whether to go on, after everything has been told and before anything is made.

use anyhow::{Context, anyhow};

use crate::{
    error::{ErrorExt, Exit},
    project::Project,
    ui,
};

/// Goes on if somebody says so.
pub(super) fn agree(project: &Project, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if !ui::can_ask() {
        return Err(anyhow!("deploying {project} needs a confirmation, and there is nobody to ask"))
            .hint("add --yes, or --dry-run to see the plan alone")
            .exit_code(Exit::Usage);
    }
    let answer = ui::ask("Go on? [y/N]").context("cannot read the answer")?;
    if agrees(&answer) {
        return Ok(());
    }
    Err(anyhow!("not confirmed; nothing was changed")).exit_code(Exit::Usage)
}

fn agrees(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "Y", " yes "] {
            assert!(agrees(yes), "{yes:?}");
        }
        for no in ["", "\n", "n", "ye", "mcp-stateful"] {
            assert!(!agrees(no), "{no:?}");
        }
    }
}
