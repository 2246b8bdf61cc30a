//! The calls to a server and their expected results, the same for every measured server.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The session that has [`NOTES`] notes in the store before the first request.
pub const NOTED_SESSION: &str = "noted";
/// Number of notes in that session.
pub const NOTES: usize = 50;
/// Number of sessions that notes are added to in turn.
const SESSIONS: u64 = 100;

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// `echo_cached` of the same text.
    EchoHot,
    /// `echo_cached` of a new text each time.
    EchoCold,
    /// `add_note`, to a hundred sessions in turn.
    AddNote,
    /// `get_notes` of fifty notes.
    GetNotes,
    /// Of ten calls, five add a note, three read fifty notes and two echo a new text.
    Mix,
}

/// A tool call with its expected result.
#[derive(Debug, Clone)]
pub struct Call {
    /// The tool's name.
    pub tool: &'static str,
    /// Its arguments.
    pub arguments: Value,
    /// The expected result.
    pub expected: Expected,
}

/// The expected result of a call.
#[derive(Debug, Clone)]
pub enum Expected {
    /// This text, with or without the prefix `[cache] `.
    Text(String),
    /// [`NOTES`] notes, of which the first and the last are checked.
    Notes,
}

impl Work {
    /// All kinds, in the order of the tables.
    pub const ALL: [Self; 5] = [Self::EchoHot, Self::EchoCold, Self::AddNote, Self::GetNotes, Self::Mix];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::EchoHot => "echo_cached, hot",
            Self::EchoCold => "echo_cached, cold",
            Self::AddNote => "add_note",
            Self::GetNotes => "get_notes of 50",
            Self::Mix => "mix",
        }
    }

    /// Returns call number `number` of a run.
    pub fn call(self, run: &str, number: u64) -> Call {
        match self {
            Self::EchoHot => echo("a text that is asked for again and again".to_owned()),
            Self::EchoCold => echo(format!("a text of run {run} that is new, number {number}")),
            Self::AddNote => {
                let session = format!("bench-{}", number % SESSIONS);
                let note = format!("note {number} of run {run}, of a length that notes have");
                Call {
                    tool: "add_note",
                    expected: Expected::Text(format!("Note added to {session}.")),
                    arguments: json!({"session_id": session, "note": note}),
                }
            }
            Self::GetNotes => {
                Call { tool: "get_notes", arguments: json!({"session_id": NOTED_SESSION}), expected: Expected::Notes }
            }
            Self::Mix => match number % 10 {
                0 | 2 | 4 | 6 | 8 => Self::AddNote.call(run, number),
                1 | 5 | 9 => Self::GetNotes.call(run, number),
                _ => Self::EchoCold.call(run, number),
            },
        }
    }
}

/// Returns note number `number` of [`NOTED_SESSION`] and of every session filled by `cargo xtask bench --growth`.
pub fn note(number: usize) -> String {
    format!("note {number} of many, as long as a sentence that somebody wants to remember for later")
}

fn echo(text: String) -> Call {
    let expected = Expected::Text(text.to_uppercase());
    Call { tool: "echo_cached", arguments: json!({"text": text}), expected }
}

impl Expected {
    /// Checks the text of an MCP result, in which notes are a JSON array.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Text(_) => self.matches_text(text),
            Self::Notes => serde_json::from_str(text).is_ok_and(|notes: Vec<Value>| self.matches_notes(&notes)),
        }
    }

    pub(crate) fn matches_text(&self, text: &str) -> bool {
        matches!(self, Self::Text(expected) if text.strip_prefix("[cache] ").unwrap_or(text) == expected)
    }

    pub(crate) fn matches_notes(&self, notes: &[Value]) -> bool {
        let is = |found: Option<&Value>, number| found.and_then(Value::as_str) == Some(note(number).as_str());
        matches!(self, Self::Notes) && notes.len() == NOTES && is(notes.first(), 0) && is(notes.last(), NOTES - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn cold_texts_are_unique() {
        let texts: HashSet<String> =
            (0..100).map(|number| Work::EchoCold.call("r", number).arguments.to_string()).collect();
        assert_eq!(texts.len(), 100);
        assert_ne!(Work::EchoCold.call("r", 1).arguments, Work::EchoCold.call("s", 1).arguments);
    }

    #[test]
    fn missing_or_reordered_notes_are_wrong() {
        let mut notes: Vec<Value> = (0..NOTES).map(|number| note(number).into()).collect();
        assert!(Expected::Notes.matches_notes(&notes));
        notes.swap(0, 1);
        assert!(!Expected::Notes.matches_notes(&notes));
        assert!(!Expected::Notes.matches_notes(&notes[1..]));
    }
}
