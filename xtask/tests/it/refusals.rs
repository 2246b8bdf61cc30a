//! What xtask refuses, with which exit code, and what it advises.

use std::net::{Ipv4Addr, TcpListener};

use crate::support::{Place, free_port};

#[test]
fn ports_that_others_have_are_all_reported_before_anything_is_built() {
    let mut place = Place::new();
    let taken = [0, 1].map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    place.port = taken[0].local_addr().unwrap().port();
    place.metrics_port = taken[1].local_addr().unwrap().port();

    let refused = place.deploy().exits(3);
    refused.says(&format!("port {} is taken", place.port));
    refused.says(&format!("port {} is taken", place.metrics_port));
    refused.says("hint: ");
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
    place.deploy().exits(3).says("another command is changing this deployment");
    place.xtask(&["destroy", "--local"]).exits(3);
    lock.unlock().unwrap();
}

#[test]
fn smoke_against_nothing_is_unreachable_and_says_what_to_do() {
    let place = Place::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let report = place.xtask(&["smoke", "--url", &url, "--token", "x", "--json"]).exits(8);
    report.says("hint: ");
    assert_eq!(report.json()["unreachable"], true);
    assert_eq!(report.json()["passed"], 0);
    assert!(report.json()["skipped"].as_u64().unwrap() > 0);
}

#[test]
fn smoke_without_a_token_must_say_that_this_is_meant() {
    Place::new().xtask(&["smoke", "--url", "http://127.0.0.1:1"]).exits(2).says("--allow-open");
}

#[test]
fn only_local_deployments_exist_so_far() {
    let place = Place::new();
    place.xtask(&["deploy"]).exits(2).says("hint: run `cargo xtask deploy --local`");
    place.xtask(&["destroy"]).exits(2).says("hint: run `cargo xtask destroy --local`");
}

#[test]
fn a_project_cannot_leave_its_directory() {
    Place::new().xtask(&["destroy", "--local", "--data", "--yes", "--project", "../x"]).exits(2);
}

#[test]
fn ci_lists_its_steps_and_knows_no_others() {
    let place = Place::new();
    place.xtask(&["ci", "--list"]).exits(0).says("clippy container");
    place.xtask(&["ci", "--only", "nonsense"]).exits(2).says("the steps are: fmt, clippy");
}
