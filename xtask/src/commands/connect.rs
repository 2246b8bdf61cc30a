//! `cargo xtask connect`: prints how to connect a client to a deployment.
//!
//! Commands, configurations and scripts go to stdout, ready for a file. Notes go to stderr.

#[cfg(feature = "aws")]
pub(super) mod aws;

use anyhow::anyhow;

use crate::{
    cli,
    connect::{self, Connection},
    error::{ErrorExt, Exit},
    local::{home::Home, record, token},
    ui,
};

/// Prints the instructions for the deployment on this machine.
pub(super) fn local(args: &cli::Connect) -> anyhow::Result<()> {
    let project = &args.which.project;
    let flags = format!(" --local{}", project.flag());
    let home = Home::open(project)?;
    let deployed = record::load(&home)?.zip(token::load(&home)?);
    let (record, token) = deployed.ok_or_else(|| {
        anyhow!("no deployment of {project} on this machine")
            .hint_if_some(project.similar_hint(home.root()))
            .hint(format!("run `cargo xtask deploy{flags}` to create one"))
            .exit_code(Exit::Unreachable)
    })?;
    let connection = Connection::new(&record.url, format!("cargo xtask token{flags}"));
    print(args, if args.show_token { connection.showing(token) } else { connection }, &flags);
    Ok(())
}

/// Prints the instructions for one client, or the list of all.
fn print(args: &cli::Connect, connection: Connection, flags: &str) {
    match args.client {
        Some(client) => {
            let instructions = client.instructions(&connection);
            for note in &instructions.notes {
                ui::progress(&format!("{}: {note}", client.title()));
            }
            ui::result(&instructions.text);
        }
        None => {
            ui::result(&connect::overview(&connection, flags));
            ui::progress(&format!("full instructions: cargo xtask connect <client>{flags}"));
        }
    }
}
