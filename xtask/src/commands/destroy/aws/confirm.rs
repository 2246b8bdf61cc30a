//! What has to be so before anything is removed: nothing stands in the way, and somebody wants it.

use anyhow::{Context, anyhow};

use super::inventory::Inventory;
use crate::{
    cleanup::Kind,
    cli,
    error::{ErrorExt, Exit},
    ui,
};

/// Finds what would end the destroy halfway.
pub(super) fn is_possible(inventory: &Inventory, args: &cli::Destroy) -> anyhow::Result<()> {
    let project = &args.which.project;
    if inventory.protected && !args.keep_data {
        return Err(anyhow!("the table {} is protected from deletion; nothing was changed", inventory.table))
            .hint(format!(
                "take the protection off: `cargo xtask deploy{} --var deletion_protection=false`",
                project.flag()
            ))
            .hint("or keep the table: --keep-data")
            .exit_code(Exit::Preflight);
    }
    if args.export.is_some() && !inventory.found.has(Kind::Table) {
        return Err(anyhow!("there is nothing to export: {project} has no table"))
            .hint("leave --export out")
            .exit_code(Exit::Usage);
    }
    Ok(())
}

/// Asks for the project's name.
pub(super) fn ask(inventory: &Inventory, args: &cli::Destroy) -> anyhow::Result<()> {
    if args.yes {
        return Ok(());
    }
    let project = &args.which.project;
    if !ui::can_ask() {
        return Err(anyhow!("destroying {project} needs a confirmation, and there is nobody to ask"))
            .hint("add --yes")
            .exit_code(Exit::Usage);
    }
    let answer = ui::ask(&question(inventory, args)).context("cannot read the answer")?;
    if answer.trim() == project.as_str() {
        Ok(())
    } else {
        Err(anyhow!("that is not the project's name; nothing was changed")).exit_code(Exit::Usage)
    }
}

fn question(inventory: &Inventory, args: &cli::Destroy) -> String {
    let what = match &inventory.tally {
        Some(tally) if args.keep_data => format!("This removes all of it but the table, which keeps {tally}."),
        Some(tally) if args.export.is_some() => format!("This removes all of it. {tally} are exported first."),
        Some(tally) => format!("This removes all of it for good, {tally} too."),
        None => "This removes all of it for good.".to_owned(),
    };
    format!("{what} Type {} to go on:", args.which.project)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{
        cleanup::{Found, Resource},
        data::Tally,
        error::exit_of,
    };

    fn args(line: &str) -> cli::Destroy {
        let words = ["xtask", "destroy"].into_iter().chain(line.split_whitespace());
        match cli::Cli::try_parse_from(words).unwrap().command {
            cli::Command::Destroy(args) => args,
            other => panic!("{other:?}"),
        }
    }

    fn inventory() -> Inventory {
        let found = Found { ours: vec![Resource::new(Kind::Table, "mcp_state")], others: Vec::new() };
        let mut inventory = Inventory::of(found, "mcp_state");
        inventory.tally = Some(Tally::default());
        inventory
    }

    #[test]
    fn a_protected_table_is_told_before_anything_is_removed() {
        let mut protected = inventory();
        protected.protected = true;
        assert_eq!(exit_of(&is_possible(&protected, &args("--yes")).unwrap_err()), Exit::Preflight);
        assert!(is_possible(&protected, &args("--yes --keep-data")).is_ok());
        assert!(is_possible(&inventory(), &args("--export x")).is_ok());
        let empty = Inventory::of(Found::default(), "mcp_state");
        assert_eq!(exit_of(&is_possible(&empty, &args("--export x")).unwrap_err()), Exit::Usage);
    }

    #[test]
    fn the_question_says_what_becomes_of_the_notes() {
        let question = |line| question(&inventory(), &args(line));
        assert_eq!(
            question("--project gone-a"),
            "This removes all of it for good, 0 sessions with 0 notes too. Type gone-a to go on:"
        );
        assert!(question("--keep-data").contains("which keeps 0 sessions"));
        assert!(question("--export x").contains("exported first"));
    }
}
