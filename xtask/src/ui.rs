//! The one module that writes to the terminal and reads from it.
//!
//! Results go to stdout, everything else to stderr. Colours appear on a terminal only, and not with `NO_COLOR`. A reader who
//! closes the pipe is no error. What the texts say is decided elsewhere.
//!
//! With `--json` stdout carries events instead, one JSON object a line, and stderr is left to the tools that we run.

mod step;

use std::{
    io::{self, BufRead, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

pub use self::step::{Step, begin};
use crate::{environment, error};

static EVENTS: AtomicBool = AtomicBool::new(false);

/// From now on tells what happens as events.
pub(crate) fn tell_events() {
    EVENTS.store(true, Ordering::Relaxed);
}

/// Prints an event, if events are what is wanted; says whether they are.
pub(crate) fn event(event: &Value) -> bool {
    let wanted = EVENTS.load(Ordering::Relaxed);
    if wanted {
        result(&event.to_string());
    }
    wanted
}

/// A colour, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It holds.
    Good,
    /// It does not.
    Bad,
    /// Look here.
    Note,
}

/// Prints a result to stdout.
pub fn result(text: &str) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// Prints a line of progress to stderr.
pub(crate) fn progress(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Announces a named step on stderr.
pub fn step(name: &str, detail: &str) {
    if !event(&json!({"event": "step", "step": name, "detail": detail})) {
        progress(&format!("{} {detail}", paint_stderr(Tone::Note, &format!("{name:>10}"))));
    }
}

/// Prints a warning to stderr.
pub fn warning(text: &str) {
    if !event(&json!({"event": "warning", "text": text})) {
        progress(&format!("{} {text}", paint_stderr(Tone::Note, "warning:")));
    }
}

/// Prints an error to stderr: what failed, every cause, then what to do.
pub(crate) fn failure(failed: &anyhow::Error) {
    let causes: Vec<String> = failed.chain().skip(1).map(ToString::to_string).collect();
    let hints = error::hints_of(failed);
    let exit = error::exit_of(failed);
    if event(&json!({
        "event": "failed",
        "exit": exit as u8,
        "kind": exit.name(),
        "error": failed.to_string(),
        "causes": causes,
        "hints": hints,
    })) {
        return;
    }
    let mut text = format!("{} {failed}", paint_stderr(Tone::Bad, "error:"));
    for cause in causes {
        text += &format!("\n  because: {cause}");
    }
    for hint in hints {
        text += &format!("\n{} {hint}", paint_stderr(Tone::Good, "hint:"));
    }
    progress(&text);
}

/// Colours a word for stdout.
pub fn paint(tone: Tone, text: &str) -> String {
    paint_for(io::stdout().is_terminal(), tone, text)
}

fn paint_stderr(tone: Tone, text: &str) -> String {
    paint_for(io::stderr().is_terminal(), tone, text)
}

/// Whether somebody can answer a question.
pub fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks a question on stderr and reads one line.
pub fn ask(question: &str) -> io::Result<String> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
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
