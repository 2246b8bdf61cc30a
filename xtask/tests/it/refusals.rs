//! What xtask refuses, with which exit code, and what it advises.

use std::net::{Ipv4Addr, TcpListener};

use crate::support::{Place, free_port};

#[test]
fn ports_that_others_have_are_all_reported_before_anything_is_built() {
    let mut place = Place::new();
    let taken = [0, 1].map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    place.port = taken[0].local_addr().unwrap().port();
    place.metrics_port = taken[1].local_addr().unwrap().port();

    let refused = place.deploy().exit_code(3);
    refused.says(&format!("port {} is taken", place.port));
    refused.says(&format!("port {} is taken", place.metrics_port));
    refused.says("fix: ");
    refused.says("--metrics-port");
    assert!(!place.home().join("record.json").exists());
    assert_eq!(refused.stdout(), "");
}

#[test]
fn two_deployments_of_one_project_at_once_do_not_race() {
    let place = Place::new();
    std::fs::create_dir_all(place.home()).unwrap();
    let lock = std::fs::File::create(place.home().join("lock")).unwrap();
    lock.try_lock().unwrap();
    place.deploy().exit_code(3).says("another command is at work");
    place.xtask(&["destroy", "--local"]).exit_code(3);
    lock.unlock().unwrap();
}

#[test]
fn smoke_against_nothing_is_unreachable_and_says_what_to_do() {
    let place = Place::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let report = place.xtask(&["smoke", "--url", &url, "--token", "x", "--json"]).exit_code(8);
    report.says("hint: ");
    assert_eq!(report.json()["unreachable"], true);
    assert_eq!(report.json()["passed"], 0);
    assert!(report.json()["skipped"].as_u64().unwrap() > 0);
}

#[test]
fn smoke_without_a_token_must_say_that_this_is_meant() {
    Place::new().xtask(&["smoke", "--url", "http://127.0.0.1:1"]).exit_code(2).says("--allow-open");
}

#[test]
fn what_stands_in_the_way_of_a_deployment_on_aws_is_told_all_at_once() {
    let place = Place::new();
    let args = ["deploy", "--yes", "--builder", "podman", "--allowed-cidr", "203.0.113.7/24"];
    let refused = place.without_aws(&args).exit_code(3);
    for problem in [
        "terraform cannot be run",
        "podman was asked for, and does not answer",
        "203.0.113.7/24 has bits set behind its prefix",
        "no AWS credentials were found",
    ] {
        refused.says(problem);
    }
    assert_eq!(refused.stderr().matches("fix: ").count(), 4, "{}", refused.stderr());
    assert!(!place.aws_home().exists());
}

#[test]
fn a_refusal_is_an_event_where_events_are_asked_for() {
    let args = ["deploy", "--json", "--yes", "--allowed-cidr", "203.0.113.7/32"];
    let refused = Place::new().without_aws(&args).exit_code(3);
    let last: serde_json::Value = serde_json::from_str(refused.stdout().lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exit"], &last["kind"]), (&"failed".into(), &3.into(), &"preflight".into()));
}

#[test]
fn without_credentials_no_command_gets_further_than_to_say_so() {
    let place = Place::new();
    for args in [&["status"][..], &["smoke"], &["logs"], &["token"], &["drill", "--yes"], &["destroy", "--yes"]] {
        let refused = place.without_aws(args);
        assert!(!refused.succeeded(), "{args:?}");
        refused.says("hint: ");
    }
}

#[test]
fn a_wrong_command_line_is_told_before_anything_is_looked_at() {
    let place = Place::new();
    place.without_aws(&["deploy", "--yes", "--image", "repository:latest"]).exit_code(2).says("@sha256:");
    place.without_aws(&["deploy", "--yes", "--var", "fargate_memroy=1024"]).exit_code(2).says("fargate_memory");
    place.without_aws(&["deploy", "--yes", "--var", "auth_token=secret"]).exit_code(2).says("TF_VAR_auth_token");
    place.without_aws(&["deploy", "--local", "--yes"]).exit_code(2);
}

#[test]
fn a_project_cannot_leave_its_directory() {
    Place::new().xtask(&["destroy", "--local", "--data", "--yes", "--project", "../x"]).exit_code(2);
}

#[test]
fn ci_lists_its_steps_and_knows_no_others() {
    let place = Place::new();
    place.xtask(&["ci", "--list"]).exit_code(0).says("clippy container");
    place.xtask(&["ci", "--only", "nonsense"]).exit_code(2).says("the steps are: fmt, clippy");
}
