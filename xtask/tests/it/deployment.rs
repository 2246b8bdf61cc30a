//! The life of a deployment, each act on what the one before left.

use serde_json::json;

use crate::support::{Place, is_running, kill};

#[test]
fn a_deployment_from_its_first_day_to_its_last() {
    let place = Place::new();

    // Deployed: it serves, says how to connect, and its token is nowhere but in its file and in that text.
    let deployed = place.deploy().exit_code(0);
    let token = std::fs::read_to_string(place.home().join("token")).unwrap();
    deployed.says(&format!("http://127.0.0.1:{}/mcp", place.port));
    deployed.says(&format!("Authorization: Bearer {}", token.trim()));
    assert!(!deployed.stderr().contains(token.trim()));
    let first = place.pid();
    assert!(is_running(first));

    let status = place.xtask(&["status", "--local"]).exit_code(0);
    status.says("healthy   yes");
    status.says(&first.to_string());

    let smoke = place.xtask(&["smoke", "--local", "--json"]).exit_code(0).json();
    assert_eq!(smoke["green"], true);
    assert_eq!(smoke["failed"], 0);
    assert_eq!(smoke["skipped"], 0);
    assert!(smoke["checks"].as_array().unwrap().len() > 30);

    // Deployed again: another process, the same notes and token.
    place.call("add_note", json!({"session_id": "it", "note": "before"}));
    place.deploy().exit_code(0).says("ended after");
    let second = place.pid();
    assert_ne!(first, second);
    assert!(!is_running(first));
    assert_eq!(std::fs::read_to_string(place.home().join("token")).unwrap(), token);
    place.call("add_note", json!({"session_id": "it", "note": "after"}));
    assert_eq!(place.call("get_notes", json!({"session_id": "it"})), json!(["before", "after"]));

    // Killed: everybody says so, and deploying repairs it.
    kill(second);
    place.xtask(&["status", "--local"]).exit_code(8).says("does not run any more");
    place.xtask(&["smoke", "--local"]).exit_code(8).says("hint: start one with `cargo xtask deploy --local`");
    place.deploy().exit_code(0);
    assert_eq!(place.call("get_notes", json!({"session_id": "it"})), json!(["before", "after"]));

    // A record that was lost, as by an interrupted deployment: the process is found without it.
    let third = place.pid();
    std::fs::remove_file(place.home().join("record.json")).unwrap();
    place.deploy().exit_code(0);
    assert!(!is_running(third));

    // Destroyed: it stops, and what remains is said; the notes are still there for the next.
    let fourth = place.pid();
    let destroyed = place.xtask(&["destroy", "--local"]).exit_code(0);
    destroyed.says("stopped  process");
    destroyed.says("of notes");
    assert!(!is_running(fourth));
    assert!(place.home().join("notes.db").exists());
    place.xtask(&["destroy", "--local"]).exit_code(0).says("stopped  nothing");
    place.xtask(&["status", "--local"]).exit_code(0).says("not deployed");

    // With its data: only when that is confirmed, and then all of it.
    place.xtask(&["destroy", "--local", "--data"]).exit_code(2).says("hint: add --yes");
    assert!(place.home().join("notes.db").exists());
    place.xtask(&["destroy", "--local", "--data", "--yes"]).exit_code(0).says("deleted");
    assert!(!place.home().exists());
    place.xtask(&["destroy", "--local", "--data", "--yes"]).exit_code(0).says("nothing runs, nothing is kept");
}
