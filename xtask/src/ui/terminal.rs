//! Printing beside a line that moves: the spinner or bar of a step is taken off the terminal while a text is printed.

use std::{io::Write, sync::LazyLock};

use indicatif::{MultiProgress, ProgressBar};

use crate::program;

/// The moving lines at the bottom of the terminal. Hidden where stderr is not a terminal.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Adds a moving line.
pub(super) fn add(line: ProgressBar) -> ProgressBar {
    LINES.add(line)
}

/// Prints a text and a line break. A reader that closes the pipe is not an error.
pub(super) fn print(to: &mut impl Write, text: &str) {
    LINES.suspend(|| drop(writeln!(to, "{}", program::named(text))));
}
