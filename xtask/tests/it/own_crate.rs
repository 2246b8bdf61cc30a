//! The program outside of this repository.

use std::fs;

use crate::support::Sandbox;

#[test]
fn directory_without_a_project_is_a_usage_error() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    let failed = sandbox.installed(directory.path(), &["deploy", "--local"]).exit_code(2);
    failed.prints("there is no cargo project in");
    failed.prints("pass --manifest-path");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    // Commands on a deployment need no project, and name the program that runs.
    sandbox.installed(directory.path(), &["smoke", "--local"]).exit_code(8).prints("run `mcp-deploy deploy --local`");
    sandbox.installed(directory.path(), &["ci"]).exit_code(2).prints("works on the source of mcp-stateful only");
    let help = sandbox.installed(directory.path(), &["--help"]).exit_code(0).stdout();
    assert!(help.contains("Usage: mcp-deploy") && !help.contains("rehearse"), "{help}");
}

#[test]
fn project_without_a_server_is_a_usage_error() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    fs::create_dir(directory.path().join("src")).unwrap();
    fs::write(directory.path().join("src").join("main.rs"), "fn main() {}\n").unwrap();
    fs::write(directory.path().join("Cargo.toml"), "[package]\nname = \"web\"\nversion = \"0.1.0\"\n").unwrap();
    let failed = sandbox.installed(directory.path(), &["deploy", "--local"]).exit_code(2);
    failed.prints("depends on mcp-stateful");
    sandbox
        .installed(directory.path(), &["deploy", "--local", "--package", "wbe"])
        .exit_code(2)
        .prints("unknown package wbe");
}

#[test]
fn carried_infra_is_written_once() {
    let (sandbox, directory) = (Sandbox::new(), tempfile::tempdir().unwrap());
    let write = || sandbox.installed(directory.path(), &["infra", "--write", "infra"]);
    write().exit_code(0).prints("files written to infra");
    assert!(directory.path().join("infra").join("task.tf").exists());
    write().exit_code(2).prints("nothing was written");
}
