//! `cargo xtask clients`: other people's clients, one after the other, on the real service: all on
//! one session's name, which is another session for each user who logs in.

use std::{collections::HashMap, path::Path, time::Instant};

use anyhow::anyhow;
use uuid::Uuid;

use crate::{
    clients::{
        Era, Seen, Task,
        authorization::{Authorization, Issuer},
        inspector::Inspector,
        judge,
        python::Python,
        typescript::TypeScript,
    },
    server::{self, Server},
};
use xtask::{
    cargo::{self, Profile},
    columns, process,
    ui::{self, Tone},
};

type Run<'a> = Box<dyn Fn(&Task) -> anyhow::Result<Seen> + 'a>;

/// A client, how it speaks, and whom it logs in.
type Row<'a> = (&'static str, Era, Option<&'static str>, Run<'a>);

pub(crate) fn run() -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    let (inspector, python, typescript) =
        (Inspector::install(&target)?, Python::install(&target)?, TypeScript::install(&target)?);
    let authorization = Authorization::install(&target)?;
    let clients: Vec<Row<'_>> = vec![
        ("Inspector CLI 2.12.0", Era::Legacy, None, Box::new(|task| inspector.run(Era::Legacy, task))),
        ("Inspector CLI 2.12.0", Era::Modern, None, Box::new(|task| inspector.run(Era::Modern, task))),
        ("Python mcp 2.3.0", Era::Modern, None, Box::new(|task| python.run(Era::Modern, task))),
        ("Python mcp 2.3.0", Era::Legacy, None, Box::new(|task| python.run(Era::Legacy, task))),
        ("TypeScript client 2.4.0", Era::Legacy, None, Box::new(|task| typescript.run_client(Era::Legacy, task))),
        ("TypeScript client 2.4.0", Era::Modern, None, Box::new(|task| typescript.run_client(Era::Modern, task))),
        ("TypeScript sdk 1.32.2", Era::Legacy, None, Box::new(|task| typescript.run_sdk(task))),
        ("Python mcp 2.3.0, OAuth", Era::Modern, Some("alice"), Box::new(|task| python.run_oauth(Era::Modern, task))),
        ("Python mcp 2.3.0, OAuth", Era::Legacy, Some("alice"), Box::new(|task| python.run_oauth(Era::Legacy, task))),
        ("Python mcp 2.3.0, OAuth", Era::Modern, Some("bob"), Box::new(|task| python.run_oauth(Era::Modern, task))),
    ];
    build()?;
    let service = serve(&target, &authorization)?;

    let session = format!("clients-{}", Uuid::new_v4());
    let mut notes: HashMap<Option<&str>, Vec<String>> = HashMap::new();
    let mut rows = Vec::new();
    let mut failed = 0;
    for (number, (name, era, user, run)) in clients.iter().enumerate() {
        let who = user.map_or_else(|| (*name).to_owned(), |user| format!("{name} as {user}"));
        let task = Task {
            url: service.server.mcp_url(),
            token: service.token.clone(),
            user: *user,
            session: session.clone(),
            scratch: format!("{session}-{number}"),
            note: format!("note {} by {who}, {}", number + 1, era.name()),
        };
        ui::step("client", &format!("{who}, {}", era.name()));
        let notes = notes.entry(*user).or_default();
        notes.push(task.note.clone());
        let started = Instant::now();
        let problems = match run(&task) {
            Ok(seen) => judge::problems(&seen, *era, &task, notes),
            Err(error) => vec![format!("{error:#}")],
        };
        failed += usize::from(!problems.is_empty());
        rows.push(row(&who, *era, started.elapsed().as_millis(), &problems));
    }
    ui::result(&columns::render(&rows));
    conclude(failed, clients.len())
}

fn build() -> anyhow::Result<()> {
    let line = cargo::build_service(Profile::Dev);
    ui::step("build", &line.to_string());
    process::run(&line)
}

/// The service with a token and with OAuth, and who makes the tokens for that.
struct Service {
    server: Server,
    token: String,
    _issuer: Issuer,
}

fn serve(target: &Path, authorization: &Authorization) -> anyhow::Result<Service> {
    let directory = server::fresh_directory(target.join("tools").join("clients-run"))?;
    let token = Uuid::new_v4().simple().to_string();
    let port = xtask::local::ports::free_port()?;
    let resource = format!("http://127.0.0.1:{port}/mcp");
    let issuer = authorization.start(&resource, &directory.join("issuer.log"))?;
    let line = server::service(&cargo::service_binary(target, Profile::Dev), port, &directory, Some(&token))
        .env("MCP_OAUTH_ISSUER", &issuer.url)
        .env("MCP_OAUTH_RESOURCE", &resource);
    let server = Server::start(&line, port, &directory.join("server.log"))?;
    Ok(Service { server, token, _issuer: issuer })
}

fn row(name: &str, era: Era, millis: u128, problems: &[String]) -> Vec<String> {
    let word = if problems.is_empty() { ui::paint(Tone::Good, "ok") } else { ui::paint(Tone::Bad, "FAILED") };
    let more = problems.iter().fold(String::new(), |all, problem| format!("{all}\n{problem}"));
    vec![word, format!("{millis:>5} ms"), era.revision().to_owned(), format!("{name}{more}")]
}

fn conclude(failed: usize, all: usize) -> anyhow::Result<()> {
    if failed == 0 {
        ui::result(&format!(
            "\nall {all} clients list the tools, call each, and read what their users wrote before, and nobody else"
        ));
        return Ok(());
    }
    Err(anyhow!("{failed} of {all} clients did not get what they should"))
}
