//! Rejected command lines and environments: the exit code and the hint of each.

use std::net::{Ipv4Addr, TcpListener};

use crate::support::{Sandbox, free_port};

#[test]
fn taken_ports_are_reported_before_the_build() {
    let mut sandbox = Sandbox::new();
    let taken = [0, 1].map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    sandbox.port = taken[0].local_addr().unwrap().port();
    sandbox.metrics_port = taken[1].local_addr().unwrap().port();

    let rejected = sandbox.deploy().exit_code(3);
    rejected.prints(&format!("port {} is taken", sandbox.port));
    rejected.prints(&format!("port {} is taken", sandbox.metrics_port));
    rejected.prints("1. port ");
    rejected.prints("hint: ");
    rejected.prints("--metrics-port");
    assert!(!sandbox.home().join("record.json").exists());
    assert_eq!(rejected.stdout(), "");
}

#[test]
fn concurrent_deployments_are_rejected() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.home()).unwrap();
    let lock = std::fs::File::create(sandbox.home().join("lock")).unwrap();
    lock.try_lock().unwrap();
    sandbox.deploy().exit_code(3).prints("another command is changing this deployment");
    sandbox.xtask(&["destroy", "--local"]).exit_code(3);
    lock.unlock().unwrap();
}

#[test]
fn smoke_without_a_service_is_unreachable() {
    let sandbox = Sandbox::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let report = sandbox.xtask(&["smoke", "--url", &url, "--token", "x", "--json"]).exit_code(8);
    report.prints("hint: ");
    assert_eq!(report.json()["unreachable"], true);
    assert_eq!(report.json()["passed"], 0);
    assert!(report.json()["skipped"].as_u64().unwrap() > 0);
}

#[test]
fn smoke_without_a_token_needs_allow_open() {
    Sandbox::new().xtask(&["smoke", "--url", "http://127.0.0.1:1"]).exit_code(2).prints("--allow-open");
}

#[test]
fn preflight_problems_are_reported_together() {
    let sandbox = Sandbox::new();
    let args = ["deploy", "--yes", "--builder", "podman", "--allowed-cidr", "203.0.113.7/24"];
    let rejected = sandbox.without_aws(&args).exit_code(3);
    for problem in [
        "terraform cannot be run",
        "podman does not run",
        "invalid --allowed-cidr 203.0.113.7/24: it has bits set after its prefix",
        "no AWS credentials were found",
    ] {
        rejected.prints(problem);
    }
    assert_eq!(rejected.stderr().matches("hint: ").count(), 4, "{}", rejected.stderr());
    assert!(!sandbox.aws_home().exists());
}

#[test]
fn failure_is_an_event_with_json() {
    let args = ["deploy", "--json", "--yes", "--allowed-cidr", "203.0.113.7/32"];
    let rejected = Sandbox::new().without_aws(&args).exit_code(3);
    let last: serde_json::Value = serde_json::from_str(rejected.stdout().lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exit"], &last["kind"]), (&"failed".into(), &3.into(), &"preflight".into()));
}

#[test]
fn commands_without_credentials_fail_with_a_hint() {
    let sandbox = Sandbox::new();
    for args in [&["status"][..], &["smoke"], &["logs"], &["token"], &["destroy", "--yes"]] {
        let rejected = sandbox.without_aws(args);
        assert!(!rejected.succeeded(), "{args:?}");
        rejected.prints("hint: ");
    }
}

#[test]
fn invalid_command_line_is_rejected_first() {
    let sandbox = Sandbox::new();
    sandbox.without_aws(&["deploy", "--yes", "--image", "repository:latest"]).exit_code(2).prints("@sha256:");
    sandbox
        .without_aws(&["deploy", "--yes", "--var", "fargate_memroy=1024"])
        .exit_code(2)
        .prints("did you mean `fargate_memory`?");
    sandbox.without_aws(&["deploy", "--yes", "--var", "auth_token=secret"]).exit_code(2).prints("TF_VAR_auth_token");
    sandbox.without_aws(&["deploy", "--local", "--yes"]).exit_code(2);
}

#[test]
fn project_name_cannot_leave_its_directory() {
    Sandbox::new().xtask(&["destroy", "--local", "--data", "--yes", "--project", "../x"]).exit_code(2);
}

#[test]
fn ci_lists_its_steps_and_rejects_others() {
    let sandbox = Sandbox::new();
    sandbox.xtask(&["ci", "--list"]).exit_code(0).prints("rehearse");
    sandbox.xtask(&["ci", "--only", "nonsense"]).exit_code(2).prints("the steps are: fmt, style");
}
