//! `cargo xtask status --local`: prints what runs. Changes nothing.

use anyhow::anyhow;

use crate::{
    cli, columns,
    error::{ErrorExt, Exit},
    http,
    local::{
        home::Home,
        identity, ready,
        record::{self, Launch},
    },
    runtime, timestamp, ui,
};

pub(crate) fn run(args: &cli::Status) -> anyhow::Result<()> {
    let home = Home::open(&args.which.project)?;
    let Some(record) = record::load(&home)? else {
        ui::result(&format!("{} is not deployed on this machine", args.which.project));
        if let Some(hint) = args.which.project.similar_hint(home.root()) {
            ui::progress(&hint);
        }
        return Ok(());
    };
    if !identity::is_running(&record.identity)? {
        let (project, pid) = (&args.which.project, record.identity.pid);
        return Err(anyhow!("{project} is deployed, but its process {pid} does not run any more")
            .hint(format!("inspect the log in {}", home.log().display()))
            .hint(format!("run `cargo xtask deploy --local{}` to start it again with its notes", project.flag()))
            .exit_code(Exit::Unreachable));
    }
    let client = http::client(&record.url)?;
    let readiness = runtime::wait_for(ready::ask(&client, &record.url))?;
    let since = format!(
        "{} ({} ago)",
        timestamp::rfc3339(record.started_at),
        timestamp::duration(timestamp::now().saturating_sub(record.started_at))
    );
    let memory = identity::memory(&record.identity)
        .map_or_else(|| "unknown".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
    let rows = [
        ("project", args.which.project.to_string()),
        ("url", format!("{}/mcp", record.url)),
        ("healthy", readiness.as_ref().map_or_else(|reason| format!("no: {reason}"), |()| "yes".to_owned())),
        ("source", record.launch.source.clone().unwrap_or_else(|| format!("revision {}", record.launch.revision))),
        ("since", since),
        ("pid", record.identity.pid.to_string()),
        ("memory", memory),
        ("settings", settings(&record.launch)),
        ("metrics", record.metrics_url.clone().unwrap_or_else(|| "off".to_owned())),
        ("log", home.log().display().to_string()),
        ("notes", format!("{} ({} bytes)", home.notes().display(), home.size_of_notes())),
    ];
    ui::result(&columns::render(&rows.map(|(name, value)| vec![name.to_owned(), value])));
    match readiness {
        Ok(()) => Ok(()),
        Err(_) => Err(anyhow!("{} runs but is not ready", args.which.project)
            .hint(format!("inspect the log in {}", home.log().display()))
            .exit_code(Exit::Unreachable)),
    }
}

fn settings(launch: &Launch) -> String {
    let settings: Vec<String> = launch.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if settings.is_empty() { "defaults".to_owned() } else { settings.join(", ") }
}
