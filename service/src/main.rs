//! The binary: reads the command line, runs what it asks for, and maps how that ended to an exit code.
//!
//! Exit codes: 0 stopped as told, 1 failed, 2 wrong configuration.

use std::process::ExitCode;

use mcp_stateful::{
    cli::{Cli, Command},
    config::Config,
    healthcheck, new_token, process, serve,
    telemetry::log,
};

fn main() -> ExitCode {
    let cli = Cli::from_process();
    // It needs none of the settings, so none can be in its way.
    if let Some(Command::NewToken { name }) = &cli.command {
        return ended(new_token::make(name).map(|made| {
            complain(&made.words());
            say(made.token());
        }));
    }
    let (config, log_config) = match Config::parse(&cli.flags) {
        Ok(parsed) => parsed,
        Err(problems) => {
            complain(&format!("the configuration is wrong:\n{problems}"));
            return ExitCode::from(2);
        }
    };
    log::start(&log_config);
    let how = match cli.command {
        Some(Command::Healthcheck { ready }) => {
            healthcheck::check(config.listen, if ready { "/readyz" } else { "/healthz" })
        }
        Some(Command::CreateTable) => run(serve::create_table(config)).map(|line| complain(&line)),
        Some(Command::NewToken { .. }) => Ok(()),
        None if cli.flags.stdio => run(serve::over_stdio(config)),
        None => run(serve::over_http(config)),
    };
    log::finish();
    ended(how)
}

fn ended(how: Result<(), String>) -> ExitCode {
    match how {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run<T>(work: impl Future<Output = Result<T, serve::ServeError>>) -> Result<T, String> {
    process::run(work).map_err(|error| error.to_string())
}

#[expect(clippy::print_stderr, reason = "the one place that speaks before and after the log does")]
fn complain(text: &str) {
    eprintln!("mcp-stateful: {text}");
}

#[expect(clippy::print_stdout, reason = "a new token is the one thing that goes there")]
fn say(text: &str) {
    println!("{text}");
}
