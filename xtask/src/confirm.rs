//! Asks for a confirmation on the terminal before something consequential.

use anyhow::{Context, anyhow};

use crate::{
    error::{ErrorExt, Exit},
    ui,
};

/// Answer that confirms.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// `y` or `yes`.
    Yes,
    /// This name, typed out.
    Name(&'a str),
}

impl Expected<'_> {
    fn is(self, answer: &str) -> bool {
        match self {
            Self::Yes => matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"),
            Self::Name(name) => answer.trim() == name,
        }
    }
}

/// Asks a question and fails unless the answer is the expected one. `assumed` is the flag `--yes`, which asks
/// nothing. `action` names what needs the confirmation, such as "deploying notes".
pub fn confirm(assumed: bool, action: &str, question: &str, expected: Expected<'_>) -> anyhow::Result<()> {
    if assumed {
        return Ok(());
    }
    if !ui::can_ask() {
        return Err(anyhow!("{action} needs a confirmation, but stdin is not a terminal")
            .hint("add `--yes` to confirm on the command line")
            .exit_code(Exit::Usage));
    }
    let answer = ui::ask(question).context("cannot read the answer")?;
    if expected.is(&answer) {
        return Ok(());
    }
    Err(anyhow!("not confirmed; nothing was changed").exit_code(Exit::Usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_confirms_a_yes_question() {
        for yes in ["y\n", "Y", " yes "] {
            assert!(Expected::Yes.is(yes), "{yes:?}");
        }
        for no in ["", "\n", "n", "ye", "mcp-stateful"] {
            assert!(!Expected::Yes.is(no), "{no:?}");
        }
    }

    #[test]
    fn only_the_exact_name_confirms_a_name_question() {
        let name = Expected::Name("mcp-stateful");
        assert!(name.is("mcp-stateful\n"));
        for answer in ["", "y", "yes", "mcp", "MCP-STATEFUL"] {
            assert!(!name.is(answer), "{answer:?}");
        }
    }
}
