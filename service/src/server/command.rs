//! The command line of a server: serving, and the commands beside it.
//!
//! Exit codes: 0 stopped normally, 1 failed, 2 invalid configuration or command line.

use std::future::Future;

use clap::Command as Description;

use super::{Server, ServerError};
use crate::{
    cli::{Cli, Command},
    config::Config,
    healthcheck, new_token,
    principal::Access,
    process, serve, store,
    telemetry::{log, targets},
    tools::list,
};

/// Runs the command line of the process.
pub(super) fn run(server: Server) -> Result<(), ServerError> {
    let name = server.identity.name.clone();
    let cli = Cli::from_process(|command| describe(command, &server));
    // Needs no setting, so it must not fail for an invalid one.
    if let Some(Command::NewToken { name: owner }) = &cli.command {
        let created = new_token::generate(owner).map_err(ServerError::Command)?;
        eprint(&name, &created.instructions());
        print(created.token());
        return Ok(());
    }
    let (config, log_config) = match Config::parse(&cli.flags) {
        Ok(parsed) => parsed,
        Err(problems) => {
            eprint(&name, &format!("invalid configuration:\n{problems}"));
            end_with_usage_error()
        }
    };
    if matches!(cli.command, Some(Command::CheckConfig)) {
        server.into_catalog(&config.limits)?;
        eprint(&name, "the settings are valid");
        return Ok(());
    }
    log::start(&log_config);
    let result = match cli.command {
        Some(Command::Healthcheck { ready }) => {
            let path = if ready { "/readyz" } else { "/healthz" };
            healthcheck::check(config.listen, path).map_err(ServerError::Command)
        }
        Some(Command::CreateTable) => run_to_end(serve::create_table(config)).map(|line| eprint(&name, &line)),
        Some(Command::Backup { file }) => report(&name, store::back_up(&config.state, &file)),
        Some(Command::Restore { file }) => report(&name, store::restore(&config.state, &file)),
        Some(Command::Verify { file }) => report(&name, store::verify(&file)),
        Some(Command::CheckConfig | Command::NewToken { .. }) => Ok(()),
        None => {
            warn_about(&cli.misspelled);
            serve(server, config, cli.flags.stdio)
        }
    };
    log::finish();
    result
}

fn serve(server: Server, config: Config, stdio: bool) -> Result<(), ServerError> {
    let catalog = server.into_catalog(&config.limits)?;
    if stdio { run_to_end(serve::over_stdio(config, catalog)) } else { run_to_end(serve::over_http(config, catalog)) }
}

/// Gives the command line the server's name, and its help the names of the tools that each scope permits.
fn describe(mut command: Description, server: &Server) -> Description {
    command = command.name(server.identity.name.clone()).version(server.identity.version.clone());
    if let Some(description) = &server.identity.description {
        let served = command.get_long_about().map(ToString::to_string).unwrap_or_default();
        // The first paragraph is about the built-in tools, the rest about serving.
        let serving = served.split_once("\n\n").map_or("", |(_, serving)| serving);
        command = command.about(description.clone()).long_about(format!("{description}\n\n{serving}"));
    }
    let reading = server.tools.iter().filter(|tool| tool.access == Access::Read).map(|tool| tool.name);
    let permits = list(reading, "and").unwrap_or_else(|| "no tool of this server".to_owned());
    command.mut_arg("oauth_read_scope", |flag| flag.help(format!("OAuth: scope that permits {permits}")))
}

/// Logs the ignored variables. They do not stop the service, because other programs use the prefix, too.
fn warn_about(misspelled: &[(String, String)]) {
    for (variable, suggestion) in misspelled {
        tracing::warn!(target: targets::CONFIG, variable, suggestion, "unknown variable ignored; possibly misspelled");
    }
}

fn report(name: &str, result: Result<String, store::ClientError>) -> Result<(), ServerError> {
    result.map(|line| eprint(name, &line)).map_err(|error| ServerError::Serve(error.into()))
}

fn run_to_end<T>(work: impl Future<Output = Result<T, serve::ServeError>>) -> Result<T, ServerError> {
    Ok(process::run(work)?)
}

/// Ends the process as clap does for an unknown flag. `main` of a server's author could return exit code 1 only.
#[expect(clippy::disallowed_methods, reason = "a usage error ends the process, wherever it is found")]
fn end_with_usage_error() -> ! {
    std::process::exit(2)
}

#[expect(clippy::print_stderr, reason = "the only output before the log starts and after it ends")]
fn eprint(name: &str, text: &str) {
    eprintln!("{name}: {text}");
}

#[expect(clippy::print_stdout, reason = "a new token is the only output on standard output")]
fn print(text: &str) {
    println!("{text}");
}
