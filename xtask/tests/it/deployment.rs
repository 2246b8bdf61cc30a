//! The life cycle of a local deployment in one test: each step works on the result of the one before.

use serde_json::json;

use crate::support::{Sandbox, is_running, kill};

#[test]
fn deployment_life_cycle() {
    let sandbox = Sandbox::new();

    // Deployed: it serves, and the output ends in five lines. The token is in its file only.
    let deployed = sandbox.deploy().exit_code(0);
    let token = std::fs::read_to_string(sandbox.home().join("token")).unwrap();
    deployed.prints(&format!("http://127.0.0.1:{}/mcp", sandbox.port));
    deployed.prints("for the optimized one add --profile release");
    assert_eq!(deployed.stdout().lines().count(), 5, "{}", deployed.stdout());
    assert!(!format!("{}{}", deployed.stdout(), deployed.stderr()).contains(token.trim()));
    let first = sandbox.pid();
    assert!(is_running(first));

    let status = sandbox.xtask(&["status", "--local"]).exit_code(0);
    status.prints("healthy   yes");
    status.prints(&first.to_string());

    let smoke = sandbox.xtask(&["smoke", "--local", "--json"]).exit_code(0).json();
    assert_eq!(smoke["green"], true);
    assert_eq!(smoke["failed"], 0);
    assert_eq!(smoke["skipped"], 0);
    assert!(smoke["checks"].as_array().unwrap().len() > 30);

    // Connected: the configuration names the address. It has the token only if that is asked for.
    let hidden = sandbox.xtask(&["connect", "vscode", "--local"]).exit_code(0);
    hidden.prints("cargo xtask token --local");
    assert!(!hidden.stdout().contains(token.trim()));
    let shown = sandbox.xtask(&["connect", "cursor", "--local", "--show-token"]).exit_code(0).json();
    let headers = &shown["mcpServers"]["mcp-stateful"]["headers"];
    assert_eq!(headers["Authorization"], format!("Bearer {}", token.trim()));
    sandbox.xtask(&["connect", "--local"]).exit_code(0).prints("claude mcp add --transport http");
    sandbox.xtask(&["token", "--local", "--project", "mcp-statefull"]).exit_code(8).prints("--project mcp-stateful");

    // Deployed again: another process, the same notes and token.
    sandbox.call("add_note", json!({"session_id": "it", "note": "before"}));
    sandbox.deploy().exit_code(0).prints("ended after");
    let second = sandbox.pid();
    assert_ne!(first, second);
    assert!(!is_running(first));
    assert_eq!(std::fs::read_to_string(sandbox.home().join("token")).unwrap(), token);
    sandbox.call("add_note", json!({"session_id": "it", "note": "after"}));
    assert_eq!(sandbox.call("get_notes", json!({"session_id": "it"})), json!(["before", "after"]));

    // Killed: status and smoke report it, and deploying repairs it.
    kill(second);
    sandbox.xtask(&["status", "--local"]).exit_code(8).prints("does not run any more");
    sandbox.xtask(&["smoke", "--local"]).exit_code(8).prints("hint: run `cargo xtask deploy --local` to start one");
    sandbox.deploy().exit_code(0);
    assert_eq!(sandbox.call("get_notes", json!({"session_id": "it"})), json!(["before", "after"]));

    // A lost record, as after an interrupted deployment: the process is found without it.
    let third = sandbox.pid();
    std::fs::remove_file(sandbox.home().join("record.json")).unwrap();
    sandbox.deploy().exit_code(0);
    assert!(!is_running(third));

    // Destroyed: it stops and prints what remains. The notes are kept for the next deployment.
    let fourth = sandbox.pid();
    let destroyed = sandbox.xtask(&["destroy", "--local"]).exit_code(0);
    destroyed.prints("stopped  process");
    destroyed.prints("of notes");
    assert!(!is_running(fourth));
    assert!(sandbox.home().join("notes.db").exists());
    sandbox.xtask(&["destroy", "--local"]).exit_code(0).prints("stopped  nothing");
    sandbox.xtask(&["status", "--local"]).exit_code(0).prints("not deployed");

    // Destroyed with its data: everything goes, but only after a confirmation.
    sandbox.xtask(&["destroy", "--local", "--data"]).exit_code(2).prints("hint: add `--yes`");
    assert!(sandbox.home().join("notes.db").exists());
    sandbox.xtask(&["destroy", "--local", "--data", "--yes"]).exit_code(0).prints("deleted");
    assert!(!sandbox.home().exists());
    sandbox.xtask(&["destroy", "--local", "--data", "--yes"]).exit_code(0).prints("nothing runs, and no data is kept");
}
