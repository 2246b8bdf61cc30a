//! The results that every client must receive. Runs nothing.

use serde_json::{Value, json};
use xtask::{client::ProtocolVersion, smoke::TOOLS};

use super::{Results, Task, ToolResult};

/// Returns every difference from the expected results. `notes` are those of the user's earlier clients and this one's.
pub(crate) fn problems(results: &Results, version: ProtocolVersion, task: &Task, notes: &[String]) -> Vec<String> {
    let added = format!("Note added to {}.", task.session);
    let deleted = format!("Deleted 0 notes from {}.", task.scratch);
    let upper = task.note.to_uppercase();
    let listed: Vec<String> = serde_json::from_str(&results.get_notes.text).unwrap_or_default();

    let mut problems = Vec::new();
    let mut expect = |what: &str, expected: String, got: String| {
        if expected != got {
            problems.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    if let Some(negotiated) = &results.protocol_version {
        expect("protocol version", version.as_str().to_owned(), negotiated.clone());
    }
    // A server may list more.
    let listed_tools = results.tools.iter().filter(|tool| TOOLS.contains(&tool.as_str())).cloned().collect::<Vec<_>>();
    expect("built-in tools", sorted(&TOOLS.map(str::to_owned)), sorted(&listed_tools));
    expect("add_note", success(&added, &json!({"message": added})), describe(&results.add_note));
    expect("get_notes as text", format!("{notes:?}"), format!("{listed:?}"));
    expect(
        "get_notes as structured content",
        success(&results.get_notes.text, &json!({"notes": notes})),
        describe(&results.get_notes),
    );
    expect("echo_cached", success(&upper, &json!({"text": upper, "cached": false})), describe(&results.echo_cached));
    expect(
        "reset_session",
        success(&deleted, &json!({"deleted": 0, "message": deleted})),
        describe(&results.reset_session),
    );
    let handle = results.create_session.structured.as_ref().and_then(|made| made["session_id"].as_str());
    if results.create_session.is_error || !handle.is_some_and(|handle| handle.starts_with("mcps_")) {
        problems.push(format!("create_session: expected a handle, got {}", describe(&results.create_session)));
    }
    problems
}

fn sorted(tools: &[String]) -> String {
    let mut tools = tools.to_vec();
    tools.sort();
    tools.join(", ")
}

fn success(text: &str, structured: &Value) -> String {
    describe(&ToolResult { text: text.to_owned(), structured: Some(structured.clone()), is_error: false })
}

fn describe(result: &ToolResult) -> String {
    let kind = if result.is_error { "error" } else { "result" };
    format!("{kind} {:?} with {}", result.text, result.structured.as_ref().unwrap_or(&Value::Null))
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

    fn result(text: &str, structured: Value) -> ToolResult {
        ToolResult { text: text.to_owned(), structured: Some(structured), is_error: false }
    }

    fn good() -> Results {
        Results {
            protocol_version: Some("2025-11-25".to_owned()),
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

    fn check(results: &Results) -> Vec<String> {
        problems(results, ProtocolVersion::V2025_11_25, &task(), &["old".to_owned(), "hi".to_owned()])
    }

    #[test]
    fn expected_results_have_no_problems() {
        assert!(check(&good()).is_empty());
    }

    #[test]
    fn every_difference_is_reported() {
        let other = Results {
            protocol_version: Some("2026-07-28".to_owned()),
            tools: vec!["add_note".to_owned()],
            get_notes: result(r#"["hi"]"#, json!({"notes": ["hi"]})),
            echo_cached: ToolResult { is_error: true, ..good().echo_cached },
            create_session: result("", json!({"session_id": "x"})),
            ..good()
        };
        assert_eq!(check(&other).len(), 6);
    }
}
