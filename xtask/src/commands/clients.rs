//! `cargo xtask clients`: other people's clients, one after the other, on one session of the real service.

use std::{path::Path, time::Instant};

use anyhow::anyhow;
use uuid::Uuid;

use crate::{
    cargo::{self, Profile},
    clients::{Era, Seen, Task, inspector::Inspector, judge, python::Python, typescript::TypeScript},
    server::{self, Server},
    shell, table,
    ui::{self, Tone},
};

type Run<'a> = Box<dyn Fn(&Task) -> anyhow::Result<Seen> + 'a>;

pub(crate) fn run() -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    let (inspector, python, typescript) =
        (Inspector::install(&target)?, Python::install(&target)?, TypeScript::install(&target)?);
    let clients: Vec<(&str, Era, Run<'_>)> = vec![
        ("Inspector CLI 2.12.0", Era::Legacy, Box::new(|task| inspector.run(Era::Legacy, task))),
        ("Inspector CLI 2.12.0", Era::Modern, Box::new(|task| inspector.run(Era::Modern, task))),
        ("Python mcp 2.3.0", Era::Modern, Box::new(|task| python.run(Era::Modern, task))),
        ("Python mcp 2.3.0", Era::Legacy, Box::new(|task| python.run(Era::Legacy, task))),
        ("TypeScript client 2.4.0", Era::Legacy, Box::new(|task| typescript.run_client(Era::Legacy, task))),
        ("TypeScript client 2.4.0", Era::Modern, Box::new(|task| typescript.run_client(Era::Modern, task))),
        ("TypeScript sdk 1.32.2", Era::Legacy, Box::new(|task| typescript.run_sdk(task))),
    ];
    build()?;
    let (server, token) = serve(&target)?;

    let session = format!("clients-{}", Uuid::new_v4());
    let mut notes = Vec::new();
    let mut rows = Vec::new();
    let mut failed = 0;
    for (number, (name, era, run)) in clients.iter().enumerate() {
        let task = Task {
            url: server.mcp_url(),
            token: token.clone(),
            session: session.clone(),
            scratch: format!("{session}-{number}"),
            note: format!("note {} by {name}, {}", number + 1, era.name()),
        };
        ui::step("client", &format!("{name}, {}", era.name()));
        notes.push(task.note.clone());
        let started = Instant::now();
        let problems = match run(&task) {
            Ok(seen) => judge::problems(&seen, *era, &task, &notes),
            Err(error) => vec![format!("{error:#}")],
        };
        failed += usize::from(!problems.is_empty());
        rows.push(row(name, *era, started.elapsed().as_millis(), &problems));
    }
    ui::result(&table::render(&rows));
    conclude(failed, clients.len())
}

fn build() -> anyhow::Result<()> {
    let line = cargo::build_service(Profile::Release);
    ui::step("build", &line.to_string());
    shell::run(&line)
}

fn serve(target: &Path) -> anyhow::Result<(Server, String)> {
    let directory = server::fresh_directory(target.join("tools").join("clients-run"))?;
    let token = Uuid::new_v4().simple().to_string();
    let port = server::free_port()?;
    let line = server::service(&cargo::service_binary(target, Profile::Release), port, &directory, Some(&token));
    Ok((Server::start(&line, port, &directory.join("server.log"))?, token))
}

fn row(name: &str, era: Era, millis: u128, problems: &[String]) -> Vec<String> {
    let word = if problems.is_empty() { ui::paint(Tone::Good, "ok") } else { ui::paint(Tone::Bad, "FAILED") };
    let more = problems.iter().fold(String::new(), |all, problem| format!("{all}\n{problem}"));
    vec![word, format!("{millis:>5} ms"), era.revision().to_owned(), format!("{name}{more}")]
}

fn conclude(failed: usize, all: usize) -> anyhow::Result<()> {
    if failed == 0 {
        ui::result(&format!("\nall {all} clients list the tools, call each, and read what the ones before them wrote"));
        return Ok(());
    }
    Err(anyhow!("{failed} of {all} clients did not get what they should"))
}
