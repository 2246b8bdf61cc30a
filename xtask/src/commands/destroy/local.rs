//! `cargo xtask destroy --local`: stops the service and prints what remains. Deletes that with `--data` only.

use crate::{
    cli,
    confirm::{Expected, confirm},
    error::{ErrorExt, Exit},
    local::{
        home::Home,
        identity, record,
        stop::{self, Stopped},
    },
    lock,
    project::Project,
    ui,
};

pub(crate) fn run(args: &cli::Destroy) -> anyhow::Result<()> {
    let home = Home::open(&args.which.project)?;
    if !home.exists() {
        ui::result(&format!(
            "{} is not deployed on this machine: nothing runs, and no data is kept",
            args.which.project
        ));
        return Ok(());
    }
    if args.data {
        confirm_delete(&home, args)?;
    }
    let lock = lock::take(&home.lock())?;
    let stopped = stop_all(&home)?;
    if args.data {
        delete(&home, lock)?;
        ui::result(&format!("{stopped}\ndeleted  {}\nleft     nothing", home.root().display()));
    } else {
        ui::result(&format!("{stopped}\n{}", remains(&home, &args.which.project)));
    }
    Ok(())
}

/// Stops the recorded process and every other one that runs from the deployment's directory.
fn stop_all(home: &Home) -> anyhow::Result<String> {
    let recorded = record::load(home).unwrap_or_else(|error| {
        ui::warning(&format!("{error:#}; searching for the process without it"));
        None
    });
    let mut found = identity::running_from(&home.binaries())?;
    if let Some(record) = recorded
        && !found.iter().any(|identity| identity.pid == record.identity.pid)
        && identity::is_running(&record.identity)?
    {
        found.push(record.identity);
    }
    let mut lines = Vec::new();
    for identity in &found {
        let how = match stop::stop(identity)? {
            Stopped::Gracefully(took) => format!("after {} ms", took.as_millis()),
            Stopped::Killed => "by force".to_owned(),
            Stopped::WasGone => "by itself".to_owned(),
        };
        lines.push(format!("stopped  process {} {how}", identity.pid));
    }
    record::remove(home).exit_code(Exit::Apply)?;
    Ok(if lines.is_empty() {
        "stopped  nothing: no process of this deployment runs".to_owned()
    } else {
        lines.join("\n")
    })
}

fn remains(home: &Home, project: &Project) -> String {
    let project = project.flag();
    format!(
        "left     {root} ({size} bytes: {notes} of notes, the rest log, token and binaries)
         run `cargo xtask deploy --local{project}` to start again with these notes
         run `cargo xtask destroy --local --data{project}` to delete them",
        root = home.root().display(),
        size = home.size(),
        notes = home.size_of_notes(),
    )
}

/// Deletes the directory. Windows cannot delete a locked file, so the lock is released first.
fn delete(home: &Home, lock: lock::Lock) -> anyhow::Result<()> {
    if cfg!(windows) {
        drop(lock);
        return home.delete().exit_code(Exit::Apply);
    }
    home.delete().exit_code(Exit::Apply)
}

fn confirm_delete(home: &Home, args: &cli::Destroy) -> anyhow::Result<()> {
    let (root, project) = (home.root().display(), args.which.project.as_str());
    let question = format!(
        "This deletes {root} with {} bytes of notes for good. Type {project} to confirm:",
        home.size_of_notes()
    );
    confirm(args.yes, &format!("deleting {root}"), &question, Expected::Name(project))
}
