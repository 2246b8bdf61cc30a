//! Conditions of a destroy, checked before anything is removed, and the question that confirms it.

use anyhow::anyhow;

use super::inventory::Inventory;
use crate::{
    cleanup::Kind,
    cli,
    error::{ErrorExt, Exit},
};

/// Fails for what would stop the destroy halfway.
pub(super) fn check(inventory: &Inventory, args: &cli::Destroy) -> anyhow::Result<()> {
    let project = &args.which.project;
    if inventory.protected && !args.keep_data {
        let flag = project.flag();
        return Err(anyhow!("the table {} is protected from deletion; nothing was changed", inventory.table)
            .hint(format!("run `cargo xtask deploy{flag} --var deletion_protection=false` to lift the protection"))
            .hint("or keep the table with `--keep-data`")
            .exit_code(Exit::Preflight));
    }
    if args.export.is_some() && !inventory.found.has(Kind::Table) {
        return Err(anyhow!("{project} has no table to export")
            .hint("rerun the command without `--export`")
            .exit_code(Exit::Usage));
    }
    Ok(())
}

/// Returns the question, which states what happens to the notes.
pub(super) fn question(inventory: &Inventory, args: &cli::Destroy) -> String {
    let consequence = match &inventory.tally {
        Some(tally) if args.keep_data => format!("This removes everything but the table, which keeps {tally}."),
        Some(tally) if args.export.is_some() => format!("This removes everything, after an export of {tally}."),
        Some(tally) => format!("This removes everything for good, including {tally}."),
        None => "This removes everything for good.".to_owned(),
    };
    format!("{consequence} Type {} to confirm:", args.which.project)
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
        let found = Found { owned: vec![Resource::new(Kind::Table, "mcp_state")], foreign: Vec::new() };
        let mut inventory = Inventory::new(found, "mcp_state");
        inventory.tally = Some(Tally::default());
        inventory
    }

    #[test]
    fn protected_table_is_rejected() {
        let mut protected = inventory();
        protected.protected = true;
        assert_eq!(exit_of(&check(&protected, &args("--yes")).unwrap_err()), Exit::Preflight);
        assert!(check(&protected, &args("--yes --keep-data")).is_ok());
        assert!(check(&inventory(), &args("--export x")).is_ok());
        let empty = Inventory::new(Found::default(), "mcp_state");
        assert_eq!(exit_of(&check(&empty, &args("--export x")).unwrap_err()), Exit::Usage);
    }

    #[test]
    fn question_states_what_happens_to_the_notes() {
        let question = |line| question(&inventory(), &args(line));
        assert_eq!(
            question("--project gone-a"),
            "This removes everything for good, including 0 sessions with 0 notes. Type gone-a to confirm:"
        );
        assert!(question("--keep-data").contains("which keeps 0 sessions"));
        assert!(question("--export x").contains("after an export of 0 sessions"));
    }
}
