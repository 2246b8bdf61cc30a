//! What a client must have seen. Runs nothing.

use serde_json::{Value, json};

use super::{Answer, Era, Seen, Task};

/// Everything that is not as it should be; `notes` is what the session held before, and this client's own.
pub(crate) fn problems(seen: &Seen, era: Era, task: &Task, notes: &[String]) -> Vec<String> {
    let added = format!("Note added to {}.", task.session);
    let deleted = format!("Deleted 0 notes from {}.", task.scratch);
    let upper = task.note.to_uppercase();
    let listed: Vec<String> = serde_json::from_str(&seen.get_notes.text).unwrap_or_default();

    let mut problems = Vec::new();
    let mut expect = |what: &str, expected: String, got: String| {
        if expected != got {
            problems.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    if let Some(revision) = &seen.revision {
        expect("revision", era.revision().to_owned(), revision.clone());
    }
    expect("tools", "add_note, create_session, echo_cached, get_notes, reset_session".to_owned(), sorted(&seen.tools));
    expect("add_note", answer(&added, &json!({"message": added})), shown(&seen.add_note));
    expect("get_notes as text", format!("{notes:?}"), format!("{listed:?}"));
    expect("get_notes as structure", answer(&seen.get_notes.text, &json!({"notes": notes})), shown(&seen.get_notes));
    expect("echo_cached", answer(&upper, &json!({"text": upper, "cached": false})), shown(&seen.echo_cached));
    expect("reset_session", answer(&deleted, &json!({"deleted": 0, "message": deleted})), shown(&seen.reset_session));
    let handle = seen.create_session.structured.as_ref().and_then(|made| made["session_id"].as_str());
    if seen.create_session.is_error || !handle.is_some_and(|handle| handle.starts_with("mcps_")) {
        problems.push(format!("create_session: expected a handle, got {}", shown(&seen.create_session)));
    }
    problems
}

fn sorted(tools: &[String]) -> String {
    let mut tools = tools.to_vec();
    tools.sort();
    tools.join(", ")
}

fn answer(text: &str, structured: &Value) -> String {
    shown(&Answer { text: text.to_owned(), structured: Some(structured.clone()), is_error: false })
}

fn shown(answer: &Answer) -> String {
    let kind = if answer.is_error { "error" } else { "result" };
    format!("{kind} {:?} with {}", answer.text, answer.structured.as_ref().unwrap_or(&Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task {
            url: String::new(),
            token: String::new(),
            user: None,
            session: "s".to_owned(),
            scratch: "x".to_owned(),
            note: "hi".to_owned(),
        }
    }

    fn result(text: &str, structured: Value) -> Answer {
        Answer { text: text.to_owned(), structured: Some(structured), is_error: false }
    }

    fn good() -> Seen {
        Seen {
            revision: Some("2025-11-25".to_owned()),
            tools: ["add_note", "get_notes", "echo_cached", "reset_session", "create_session"]
                .map(str::to_owned)
                .to_vec(),
            add_note: result("Note added to s.", json!({"message": "Note added to s."})),
            get_notes: result(r#"["old","hi"]"#, json!({"notes": ["old", "hi"]})),
            echo_cached: result("HI", json!({"text": "HI", "cached": false})),
            reset_session: result(
                "Deleted 0 notes from x.",
                json!({"deleted": 0, "message": "Deleted 0 notes from x."}),
            ),
            create_session: result("Session mcps_x created.", json!({"session_id": "mcps_x"})),
        }
    }

    fn judged(seen: &Seen) -> Vec<String> {
        problems(seen, Era::Legacy, &task(), &["old".to_owned(), "hi".to_owned()])
    }

    #[test]
    fn what_is_right_has_no_problems() {
        assert!(judged(&good()).is_empty());
    }

    #[test]
    fn every_difference_is_told() {
        let other = Seen {
            revision: Some("2026-07-28".to_owned()),
            tools: vec!["add_note".to_owned()],
            get_notes: result(r#"["hi"]"#, json!({"notes": ["hi"]})),
            echo_cached: Answer { is_error: true, ..good().echo_cached },
            create_session: result("", json!({"session_id": "x"})),
            ..good()
        };
        assert_eq!(judged(&other).len(), 6);
    }
}
