//! The one module that writes to the terminal and reads from it.
//!
//! Results go to stdout, everything else to stderr. A closed pipe is not an error. Colours appear on a terminal only,
//! and not with `NO_COLOR`. A [`Reporter`] decides between text and JSON events; callers decide the texts.

mod live;
mod reporter;
mod step;
mod terminal;

use std::io::{self, BufRead, IsTerminal, Write};

pub use self::{reporter::Reporter, step::Step};
use crate::{environment, error};

/// A colour, by its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Success.
    Good,
    /// Failure.
    Bad,
    /// Attention.
    Note,
}

/// Prints a result to stdout.
pub fn result(text: &str) {
    terminal::print(&mut io::stdout(), text);
}

/// Prints a line of progress to stderr.
pub fn progress(text: &str) {
    terminal::print(&mut io::stderr(), text);
}

/// Prints the name of a step and a detail to stderr. [`begin`] is for steps that take a while.
pub fn step(name: &str, detail: &str) {
    progress(&format!("{} {detail}", paint_stderr(Tone::Note, &format!("{name:>10}"))));
}

/// Begins a step that reports as text.
pub fn begin(name: &'static str) -> Step {
    Reporter::Human.begin(name)
}

/// Prints a warning to stderr.
pub fn warning(text: &str) {
    Reporter::Human.warning(text);
}

/// Lays out an error: the failure, each cause, then each hint, with `error:`, `caused by:` and `hint:` as labels.
fn layout(failed: &anyhow::Error) -> String {
    let mut text = format!("{} {failed}", paint_stderr(Tone::Bad, "error:"));
    for cause in failed.chain().skip(1) {
        text += &format!("\n  caused by: {cause}");
    }
    for hint in error::hints_of(failed) {
        text += &format!("\n{} {hint}", paint_stderr(Tone::Good, "hint:"));
    }
    text
}

/// Colours a word for stdout.
pub fn paint(tone: Tone, text: &str) -> String {
    paint_for(io::stdout().is_terminal(), tone, text)
}

fn paint_stderr(tone: Tone, text: &str) -> String {
    paint_for(io::stderr().is_terminal(), tone, text)
}

/// Returns true if stdin is a terminal, so that a question can be answered.
pub fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks a question on stderr and reads one line.
pub fn ask(question: &str) -> io::Result<String> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} ")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

fn paint_for(terminal: bool, tone: Tone, text: &str) -> String {
    if !terminal || environment::no_color() {
        return text.to_owned();
    }
    let code = match tone {
        Tone::Good => "32",
        Tone::Bad => "1;31",
        Tone::Note => "1;33",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;
    use crate::error::ErrorExt;

    #[test]
    fn error_lists_causes_then_hints() {
        let error = anyhow!("no such file").hint("create it").context("cannot read x").hint("check the path");
        let expected = "error: cannot read x\n  caused by: no such file\nhint: check the path\nhint: create it";
        let plain = layout(&error).replace("\u{1b}[1;31m", "").replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
        assert_eq!(plain, expected);
    }
}
