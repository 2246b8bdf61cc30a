//! `cargo xtask clients`: runs clients of other projects against the service, one after the other. All use the same
//! session name, which is a separate session for each user that logs in.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::anyhow;
use uuid::Uuid;

use crate::{
    clients::{
        Results, Task,
        authorization::{Authorization, Issuer},
        check,
        inspector::Inspector,
        python::Python,
        typescript::TypeScript,
    },
    server::{self, Server},
};
use xtask::{
    cargo::{self, Profile, build},
    client::ProtocolVersion::{self, V2025_11_25, V2026_07_28},
    columns,
    ui::{self, Tone},
};

type Run<'a> = Box<dyn Fn(&Task) -> anyhow::Result<Results> + 'a>;

/// A client's name, its protocol version, the user that it logs in, and its function.
type Client<'a> = (&'static str, ProtocolVersion, Option<&'static str>, Run<'a>);

pub(crate) fn run() -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    let (inspector, python, typescript) =
        (Inspector::install(&target)?, Python::install(&target)?, TypeScript::install(&target)?);
    let authorization = Authorization::install(&target)?;
    let clients: Vec<Client<'_>> = vec![
        ("Inspector CLI 2.12.0", V2025_11_25, None, Box::new(|task| inspector.run(V2025_11_25, task))),
        ("Inspector CLI 2.12.0", V2026_07_28, None, Box::new(|task| inspector.run(V2026_07_28, task))),
        ("Python mcp 2.3.0", V2026_07_28, None, Box::new(|task| python.run(V2026_07_28, task))),
        ("Python mcp 2.3.0", V2025_11_25, None, Box::new(|task| python.run(V2025_11_25, task))),
        ("TypeScript client 2.4.0", V2025_11_25, None, Box::new(|task| typescript.run_client(V2025_11_25, task))),
        ("TypeScript client 2.4.0", V2026_07_28, None, Box::new(|task| typescript.run_client(V2026_07_28, task))),
        ("TypeScript sdk 1.32.2", V2025_11_25, None, Box::new(|task| typescript.run_sdk(task))),
        ("Python mcp 2.3.0, OAuth", V2026_07_28, Some("alice"), Box::new(|task| python.run_oauth(V2026_07_28, task))),
        ("Python mcp 2.3.0, OAuth", V2025_11_25, Some("alice"), Box::new(|task| python.run_oauth(V2025_11_25, task))),
        ("Python mcp 2.3.0, OAuth", V2026_07_28, Some("bob"), Box::new(|task| python.run_oauth(V2026_07_28, task))),
    ];
    let service = serve(&build()?, &target, &authorization)?;

    let session = format!("clients-{}", Uuid::new_v4());
    let mut notes: HashMap<Option<&str>, Vec<String>> = HashMap::new();
    let mut rows = Vec::new();
    let mut failed = 0;
    for (number, (name, version, user, run)) in clients.iter().enumerate() {
        let client = user.map_or_else(|| (*name).to_owned(), |user| format!("{name} as {user}"));
        let task = Task {
            url: service.server.mcp_url(),
            token: service.token.clone(),
            user: *user,
            session: session.clone(),
            scratch: format!("{session}-{number}"),
            note: format!("note {} by {client}, {}", number + 1, version.as_str()),
        };
        ui::step("client", &format!("{client}, {}", version.as_str()));
        let notes = notes.entry(*user).or_default();
        notes.push(task.note.clone());
        let started = Instant::now();
        let problems = match run(&task) {
            Ok(results) => check::problems(&results, *version, &task, notes),
            Err(error) => vec![format!("{error:#}")],
        };
        failed += usize::from(!problems.is_empty());
        rows.push(row(&client, *version, started.elapsed().as_millis(), &problems));
    }
    ui::result(&columns::render(&rows));
    conclude(failed, clients.len())
}

fn build() -> anyhow::Result<PathBuf> {
    let line = cargo::build_service(Profile::Dev);
    ui::step("build", &line.to_string());
    build::executable_of(&line, cargo::SERVICE)
}

/// The service with a static token and OAuth, and its authorization server.
struct Service {
    server: Server,
    token: String,
    _issuer: Issuer,
}

fn serve(binary: &Path, target: &Path, authorization: &Authorization) -> anyhow::Result<Service> {
    let directory = server::fresh_directory(target.join("tools").join("clients-run"))?;
    let token = Uuid::new_v4().simple().to_string();
    let port = xtask::local::ports::free_port()?;
    let resource = format!("http://127.0.0.1:{port}/mcp");
    let issuer = authorization.start(&resource, &directory.join("issuer.log"))?;
    let line = server::service(binary, port, &directory, Some(&token))
        .env("MCP_OAUTH_ISSUER", &issuer.url)
        .env("MCP_OAUTH_RESOURCE", &resource);
    let server = Server::start(&line, port, &directory.join("server.log"))?;
    Ok(Service { server, token, _issuer: issuer })
}

fn row(name: &str, version: ProtocolVersion, millis: u128, problems: &[String]) -> Vec<String> {
    let word = if problems.is_empty() { ui::paint(Tone::Good, "ok") } else { ui::paint(Tone::Bad, "FAILED") };
    let more = problems.iter().fold(String::new(), |all, problem| format!("{all}\n{problem}"));
    vec![word, format!("{millis:>5} ms"), version.as_str().to_owned(), format!("{name}{more}")]
}

fn conclude(failed: usize, all: usize) -> anyhow::Result<()> {
    if failed == 0 {
        ui::result(&format!(
            "\nall {all} clients listed the tools, called each, and read the notes of their own user only"
        ));
        return Ok(());
    }
    Err(anyhow!("{failed} of {all} clients failed"))
}
