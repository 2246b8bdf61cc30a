//! A deployment whose tools have an environment, secrets, permissions, connections and a scratch directory.
//!
//! The emulator resolves the secrets and mounts the directory. It enforces neither the role nor the security group.

use std::fs;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::fifth_project;
use crate::rehearsal::TestEnv;

const PARAMETER: &str = "rehearsal-secret-in-ssm";
const SECRET: &str = "rehearsal-secret-in-secrets-manager";

pub(super) async fn tools(env: &TestEnv) -> anyhow::Result<String> {
    let project = fifth_project()?;
    let image = env.shared.image.borrow().clone();
    let parameter = env.admin.put_parameter("/team/api-key", PARAMETER).await?;
    let secret = env.admin.create_secret("team/smtp", &json!({"user": SECRET}).to_string()).await?;
    let file = write_settings(env, &parameter, &secret)?;
    let deploy = ["--image", &image, "--environment", &file];

    let missing = secret.replace("secret:team/", "secret:other/");
    let wrong = write_settings(env, &parameter, &missing)?;
    let rejected = env.deploy(&project, &["--image", &image, "--environment", &wrong]).await?.expect_exit(3)?;
    rejected.expect_output("the secret SMTP_USER does not exist")?;

    write_settings(env, &parameter, &secret)?;
    let deployed = env.deploy(&project, &deploy).await?.expect_exit(0)?;
    let planned = deployed.event("plan")?["plan"]["grants"].as_str().unwrap_or_default().to_owned();
    if !planned.contains("the tools may s3:GetObject on EVERYTHING BELOW arn:aws:s3:::team-notes/") {
        return Err(anyhow!("the plan does not describe the statement: {planned}"));
    }
    check_container(env, &deployed.event_text("deployed", "task_definition")?)?;

    // ECS reverses the lists, and Terraform compares them with its own.
    env.deploy(&project, &deploy).await?.expect_exit(0)?.expect_output("nothing to change")?;
    // The rules of the security group are found without a state, each by its traffic.
    let state = env.state_file(&project);
    fs::remove_file(&state).with_context(|| format!("cannot remove {}", state.display()))?;
    env.deploy(&project, &deploy).await?.expect_exit(0)?;
    env.deploy(&project, &deploy).await?.expect_exit(0)?.expect_output("nothing to change")?;

    for value in [PARAMETER, SECRET] {
        let leaks = env.files_with(value)?;
        if !leaks.is_empty() {
            return Err(anyhow!("a secret is in {}", leaks.join(", ")));
        }
    }
    env.run(&project, &["destroy", "--yes"]).await?.expect_exit(0)?;
    env.admin.delete_parameter("/team/api-key").await?;
    env.admin.delete_secret(&secret).await?;
    Ok(format!(
        "the task has its variable, two secrets and 16 MiB in /tmp; {} grants in the plan",
        planned.lines().count()
    ))
}

fn write_settings(env: &TestEnv, parameter: &str, secret: &str) -> anyhow::Result<String> {
    let file = env.file("grants.toml");
    let text = format!(
        r#"
        [environment]
        BUCKET = "team-notes"
        [secrets]
        API_KEY = {{ parameter_arn = "{parameter}" }}
        SMTP_USER = {{ secret_arn = "{secret}:user::" }}
        [infra]
        scratch_mib = 16
        egress = [{{ ports = "5432", cidrs = ["10.0.0.0/16"] }}, {{ ports = "8000-8100", cidrs = ["2001:db8::/32"] }}]
        [[infra.task_policy_statements]]
        actions = ["s3:GetObject"]
        resources = ["arn:aws:s3:::team-notes/*"]
        "#
    );
    fs::write(&file, text).with_context(|| format!("cannot write {file}"))?;
    Ok(file)
}

/// Checks the variables and the mount of the container that runs a task definition.
fn check_container(env: &TestEnv, definition: &str) -> anyhow::Result<()> {
    let containers: Vec<Value> = env.containers()?;
    let names = |container: &Value| {
        let variables = container["Config"]["Env"].as_array().into_iter().flatten();
        variables.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = ["BUCKET=team-notes".to_owned(), format!("API_KEY={PARAMETER}"), format!("SMTP_USER={SECRET}")];
    // Of all containers, only this project's has its table.
    let table = format!("MCP_STATE_TABLE={}-state", fifth_project()?);
    let own = containers.iter().find(|container| names(container).contains(&table));
    let own = own.with_context(|| format!("no container runs {definition}"))?;
    // The values are not printed, because they are secrets everywhere else.
    let variables = names(own);
    if let Some(missing) = expected.iter().find(|variable| !variables.contains(variable)) {
        return Err(anyhow!("the container lacks {}", missing.split('=').next().unwrap_or_default()));
    }
    let host = &own["HostConfig"];
    if host["Tmpfs"] != json!({"/tmp": "size=16m,mode=1777,nosuid,nodev,noexec"}) || host["ReadonlyRootfs"] != true {
        return Err(anyhow!("expected a read-only container with 16 MiB in /tmp, found {}", host["Tmpfs"]));
    }
    Ok(())
}
