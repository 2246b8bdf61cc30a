//! Notes leave one deployment and enter the next by a file.

use serde_json::{Value, json};

use crate::support::Sandbox;

/// Returns the notes of the test's session, as `get_notes` returns them.
fn notes(sandbox: &Sandbox) -> Value {
    sandbox.call("get_notes", json!({"session_id": "it"}))
}

#[test]
fn exported_notes_are_imported_once() {
    let sandbox = Sandbox::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.jsonl");
    let file = path.to_str().unwrap();
    sandbox.xtask(&["export", file, "--local"]).exit_code(8).prints("hint: run `cargo xtask deploy --local`");

    sandbox.deploy().exit_code(0);
    for note in ["first", "second"] {
        sandbox.call("add_note", json!({"session_id": "it", "note": note}));
    }
    // The service keeps serving.
    sandbox.xtask(&["export", file, "--local"]).exit_code(0).prints(" with 2 notes in ");
    let exported = std::fs::read_to_string(&path).unwrap();
    sandbox.call("add_note", json!({"session_id": "it", "note": "third"}));
    sandbox.xtask(&["export", file, "--local"]).exit_code(2).prints("--force");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), exported);
    sandbox.xtask(&["export", file, "--local", "--force"]).exit_code(0).prints(" with 3 notes in ");

    sandbox.xtask(&["destroy", "--local", "--data", "--yes"]).exit_code(0);
    sandbox.xtask(&["import", file, "--local"]).exit_code(8);
    sandbox.deploy().exit_code(0);
    assert_eq!(notes(&sandbox), json!([]));
    for _ in 0..2 {
        sandbox.xtask(&["import", file, "--local"]).exit_code(0).prints(" with 3 notes in the table");
        assert_eq!(notes(&sandbox), json!(["first", "second", "third"]));
    }
    // The imported session goes on as before.
    sandbox.call("add_note", json!({"session_id": "it", "note": "fourth"}));
    assert_eq!(notes(&sandbox), json!(["first", "second", "third", "fourth"]));
}
