//! `cargo xtask destroy --local`: stops the service, says what remains, and deletes that only when told to.

use anyhow::{Context, anyhow};

use crate::{
    cli,
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
    let home = Home::of(&args.which.project)?;
    if !home.exists() {
        ui::result(&format!("{} is not deployed on this machine: nothing runs, nothing is kept", args.which.project));
        return Ok(());
    }
    if args.data {
        confirm(&home, args)?;
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

/// Stops the recorded process and whatever else runs from the deployment's directory.
fn stop_all(home: &Home) -> anyhow::Result<String> {
    let recorded = record::load(home).unwrap_or_else(|error| {
        ui::warning(&format!("{error:#}; looking for the process without it"));
        None
    });
    let mut found = identity::running_from(&home.binaries())?;
    if let Some(record) = recorded
        && !found.iter().any(|identity| identity.pid == record.identity.pid)
        && identity::is_running(&record.identity)?
    {
        found.push(record.identity);
    }
    let mut said = Vec::new();
    for identity in &found {
        let how = match stop::stop(identity)? {
            Stopped::Gracefully(took) => format!("after {} ms", took.as_millis()),
            Stopped::Killed => "by force".to_owned(),
            Stopped::WasGone => "by itself".to_owned(),
        };
        said.push(format!("stopped  process {} {how}", identity.pid));
    }
    record::remove(home).exit_code(Exit::Apply)?;
    Ok(if said.is_empty() {
        "stopped  nothing: no process of this deployment runs".to_owned()
    } else {
        said.join("\n")
    })
}

fn remains(home: &Home, project: &Project) -> String {
    let project = project.flag();
    format!(
        "left     {root} ({size} bytes: {notes} of notes, the rest log, token and binaries)
         `cargo xtask deploy --local{project}` starts again with these notes
         `cargo xtask destroy --local --data{project}` deletes them",
        root = home.root().display(),
        size = home.size(),
        notes = home.size_of_notes(),
    )
}

/// Deletes the directory. Where a lock keeps its file from being deleted (Windows), it is given up first.
fn delete(home: &Home, lock: lock::Lock) -> anyhow::Result<()> {
    if cfg!(windows) {
        drop(lock);
        return home.delete().exit_code(Exit::Apply);
    }
    home.delete().exit_code(Exit::Apply)
}

fn confirm(home: &Home, args: &cli::Destroy) -> anyhow::Result<()> {
    if args.yes {
        return Ok(());
    }
    if !ui::can_ask() {
        return Err(anyhow!("deleting {} needs a confirmation, and there is nobody to ask", home.root().display()))
            .hint("add --yes")
            .exit_code(Exit::Usage);
    }
    let question = format!(
        "This deletes {} with {} bytes of notes for good. Type {} to go on:",
        home.root().display(),
        home.size_of_notes(),
        args.which.project
    );
    let answer = ui::ask(&question).context("cannot read the answer")?;
    if confirms(&answer, &args.which.project) {
        Ok(())
    } else {
        Err(anyhow!("that is not the project's name; nothing was changed"))
    }
}

fn confirms(answer: &str, project: &Project) -> bool {
    answer.trim() == project.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_itself_confirms() {
        let project = Project::default();
        assert!(confirms("mcp-stateful\n", &project));
        for answer in ["", "y", "yes", "mcp", "MCP-STATEFUL"] {
            assert!(!confirms(answer, &project), "{answer:?}");
        }
    }
}
