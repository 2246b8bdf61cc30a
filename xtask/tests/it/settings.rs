//! Settings of a deployment come from its file, and not from the shell of the person who deploys.

use std::fs;

use serde_json::json;

use crate::{
    rollback::{FakeCargo, write_executable},
    support::{Sandbox, is_running},
};

#[test]
fn shell_variables_do_not_reach_the_service() {
    let cargo = FakeCargo::new();
    let sandbox = Sandbox::new().with_cargo(&cargo.path());
    cargo.builds_the_service();
    sandbox.deploy().exit_code(0).prints("environments/local.toml");
    sandbox.call("add_note", json!({"session_id": "it", "note": "kept"}));
    let revision = sandbox.record()["revision"].clone();

    let other = tempfile::tempdir().unwrap();
    let shell = [
        ("MCP_STATE_TABLE", "another_table"),
        ("MCP_STATE_PATH", ":memory:"),
        ("MCP_OAUTH_ISSUER", "https://id.example.com"),
        ("MCP_SESSION_TTL", "30d"),
        ("MCP_LOG", "a=b=c"),
        ("MCP_HOST", "0.0.0.0"),
        ("TOKIO_WORKER_THREADS", "0"),
        ("GIT_DIR", other.path().to_str().unwrap()),
    ];
    let deployed = sandbox.deploy_with(&[], &shell).exit_code(0);
    deployed.prints("MCP_STATE_PATH, MCP_STATE_TABLE in the shell");
    assert_eq!(sandbox.call("get_notes", json!({"session_id": "it"})), json!(["kept"]));
    assert_eq!(sandbox.record()["revision"], revision);
}

#[test]
fn invalid_settings_stop_nothing() {
    let cargo = FakeCargo::new();
    let sandbox = Sandbox::new().with_cargo(&cargo.path());
    cargo.builds_the_service();
    sandbox.deploy().exit_code(0);
    let running = sandbox.pid();
    for (settings, problems) in [
        (
            "[settings]\nmax_concurency = 8\nhost = \"0.0.0.0\"\n",
            ["did you mean `max_concurrency`?", "host has no effect"],
        ),
        ("[settings]\nmax_concurrency = 0\nlog = \"a=b=c\"\n", ["--max-concurrency", "--log (MCP_LOG)"]),
        ("[settings]\nport = \"x\"\n[secrets]\nauth_token = { variable = \"NOT_SET\" }", ["invalid port x", "NOT_SET"]),
        ("[settings]\nlog = debug\n", ["settings.toml, line 2: ", "TOML"]),
    ] {
        let rejected = sandbox.deploy_with(&["--environment", &sandbox.settings(settings)], &[]).exit_code(3);
        problems.iter().for_each(|problem| rejected.prints(problem));
        assert!(is_running(running), "{settings}");
    }
    sandbox.deploy_with(&["--environment", "loca"], &[]).exit_code(3).prints("unknown environment loca");
    assert_eq!(sandbox.pid(), running);
}

#[test]
fn rollback_restores_the_settings() {
    let cargo = FakeCargo::new();
    let sandbox = Sandbox::new().with_cargo(&cargo.path());
    cargo.builds_the_service();
    let settings =
        "[settings]\nallowed_hosts = [\"laptop.example.com\"]\n[secrets]\nauth_token = { variable = \"TEAM\" }";
    let file = sandbox.settings(settings);
    let token = ("TEAM", "team-token-0123456789");
    sandbox.deploy_with(&["--environment", &file], &[token]).exit_code(0).prints("allowed_hosts=laptop.example.com");
    sandbox.xtask(&["token", "--local"]).exit_code(0).prints(token.1);
    sandbox.call("add_note", json!({"session_id": "it", "note": "kept"}));

    cargo.builds_a_version_that_exits();
    sandbox.deploy().exit_code(6);
    assert_eq!(sandbox.call_as("laptop.example.com", "get_notes", json!({"session_id": "it"})), json!(["kept"]));
}

#[cfg(target_os = "linux")]
#[test]
fn rollback_restores_environment_and_secrets_of_tools() {
    let cargo = FakeCargo::new();
    let sandbox = Sandbox::new().with_cargo(&cargo.path());
    cargo.builds_the_service();
    let settings = |bucket: &str| {
        let assets = "[image]\nassets = [\"docs\"]\n[secrets]\nAPI_KEY = { variable = \"KEY\" }";
        sandbox.settings(&format!("[environment]\nBUCKET = \"{bucket}\"\n{assets}"))
    };
    let deployed = sandbox.deploy_with(&["--environment", &settings("old-bucket")], &[("KEY", "old-secret-value")]);
    let deployed = deployed.exit_code(0);
    deployed.prints("BUCKET=old-bucket, the secret API_KEY");
    assert!(!format!("{}{}", deployed.stdout(), deployed.stderr()).contains("old-secret-value"));
    assert_eq!(files_with("old-secret-value", &sandbox.home()), Vec::<std::path::PathBuf>::new());
    let process = variables(sandbox.pid());
    assert!(
        process.contains(&"BUCKET=old-bucket".to_owned()) && process.contains(&"API_KEY=old-secret-value".to_owned())
    );
    let assets = process.iter().find_map(|variable| variable.strip_prefix("ASSETS_DIR=")).unwrap();
    assert!(std::path::Path::new(assets).join("docs").is_dir());

    cargo.builds_a_version_that_exits();
    sandbox.deploy_with(&["--environment", &settings("new-bucket")], &[("KEY", "new-secret-value")]).exit_code(6);
    let process = variables(sandbox.pid());
    assert!(
        process.contains(&"BUCKET=old-bucket".to_owned()) && process.contains(&"API_KEY=old-secret-value".to_owned())
    );
    sandbox
        .deploy_with(&["--environment", &settings("x")], &[])
        .exit_code(3)
        .prints("KEY, which [secrets] names for API_KEY");
}

/// Returns the variables of a running process.
#[cfg(target_os = "linux")]
fn variables(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).unwrap();
    bytes.split(|byte| *byte == 0).map(|variable| String::from_utf8_lossy(variable).into_owned()).collect()
}

/// Returns the files below a directory that contain a text.
#[cfg(target_os = "linux")]
fn files_with(text: &str, directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match fs::read(&path) {
            _ if path.is_dir() => files_with(text, &path),
            Ok(bytes) if bytes.windows(text.len()).any(|window| window == text.as_bytes()) => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

#[test]
fn terraform_gets_no_variable_that_changes_the_plan() {
    let sandbox = Sandbox::new();
    let tools = tempfile::tempdir().unwrap();
    let seen = tools.path().join("seen");
    let script = "#!/bin/sh\necho \"$TF_WORKSPACE$TF_CLI_ARGS$TF_VAR_other,$TF_LOG_PATH\" >>\"$TF_LOG_PATH\"\necho '{\"terraform_version\":\"1.11.4\"}'\n";
    write_executable(&tools.path().join("terraform"), script);
    let shell = [
        ("PATH", tools.path().to_str().unwrap()),
        ("TF_LOG_PATH", seen.to_str().unwrap()),
        ("TF_WORKSPACE", "dev"),
        ("TF_CLI_ARGS", "-lock=false"),
        ("TF_VAR_of_another_project", "1"),
        ("TF_VAR_fargate_cpu", "4096"),
        ("TF_VAR_desired_count", "10"),
    ];
    let rejected = sandbox.without_aws_and_with(&["doctor", "--allowed-cidr", "127.0.0.1/32"], &shell).exit_code(3);
    rejected.prints("Terraform does not get TF_CLI_ARGS, TF_VAR_desired_count, TF_VAR_fargate_cpu");
    rejected.prints("TF_VAR_fargate_cpu is set");
    rejected.prints("pass `--var desired_count=…`");
    assert!(!rejected.stderr().contains("terraform cannot be run"), "{}", rejected.stderr());
    assert_eq!(fs::read_to_string(&seen).unwrap(), format!(",{}\n", seen.display()));
}

#[test]
fn problems_of_an_aws_environment_are_reported_together() {
    let sandbox = Sandbox::new();
    let file = sandbox.settings(
        "[settings]\nlogg = \"debug\"\nmax_concurrency = 0\n[infra]\nfargate_memory = \"1024\"\nregoin = \"x\"\n",
    );
    let rejected = sandbox.without_aws(&["deploy", "--yes", "--allowed-cidr", "127.0.0.1/32", "--environment", &file]);
    let rejected = rejected.exit_code(3);
    for problem in [
        "did you mean `log`?",
        "--max-concurrency",
        "write fargate_memory = 1024",
        "did you mean `region`?",
        "no AWS credentials",
    ] {
        rejected.prints(problem);
    }
}
