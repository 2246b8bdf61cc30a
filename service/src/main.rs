//! The binary: parses the command line, runs the command, and maps its result to an exit code.
//!
//! Exit codes: 0 stopped normally, 1 failed, 2 invalid configuration or command line.

use std::process::ExitCode;

use mcp_stateful::{
    cli::{Cli, Command},
    config::Config,
    healthcheck, new_token, process, serve, store,
    telemetry::{log, targets},
};

fn main() -> ExitCode {
    let cli = Cli::from_process();
    // Needs no setting, so it must not fail for an invalid one.
    if let Some(Command::NewToken { name }) = &cli.command {
        return exit_code(new_token::generate(name).map(|created| {
            eprint(&created.instructions());
            print(created.token());
        }));
    }
    let (config, log_config) = match Config::parse(&cli.flags) {
        Ok(parsed) => parsed,
        Err(problems) => {
            eprint(&format!("invalid configuration:\n{problems}"));
            return ExitCode::from(2);
        }
    };
    if matches!(cli.command, Some(Command::CheckConfig)) {
        eprint("the settings are valid");
        return ExitCode::SUCCESS;
    }
    log::start(&log_config);
    let result = match cli.command {
        Some(Command::Healthcheck { ready }) => {
            healthcheck::check(config.listen, if ready { "/readyz" } else { "/healthz" })
        }
        Some(Command::CreateTable) => run(serve::create_table(config)).map(|line| eprint(&line)),
        Some(Command::Backup { file }) => report(store::back_up(&config.state, &file)),
        Some(Command::Restore { file }) => report(store::restore(&config.state, &file)),
        Some(Command::Verify { file }) => report(store::verify(&file)),
        Some(Command::CheckConfig | Command::NewToken { .. }) => Ok(()),
        None => {
            warn_about(&cli.misspelled);
            if cli.flags.stdio { run(serve::over_stdio(config)) } else { run(serve::over_http(config)) }
        }
    };
    log::finish();
    exit_code(result)
}

/// Logs the ignored variables. They do not stop the service, because other programs use the prefix, too.
fn warn_about(misspelled: &[(String, String)]) {
    for (variable, suggestion) in misspelled {
        tracing::warn!(target: targets::CONFIG, variable, suggestion, "unknown variable ignored; possibly misspelled");
    }
}

fn exit_code(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint(&error);
            ExitCode::FAILURE
        }
    }
}

fn report(result: Result<String, store::ClientError>) -> Result<(), String> {
    result.map(|line| eprint(&line)).map_err(|error| error.to_string())
}

fn run<T>(work: impl Future<Output = Result<T, serve::ServeError>>) -> Result<T, String> {
    process::run(work).map_err(|error| error.to_string())
}

#[expect(clippy::print_stderr, reason = "the only output before the log starts and after it ends")]
fn eprint(text: &str) {
    eprintln!("mcp-stateful: {text}");
}

#[expect(clippy::print_stdout, reason = "a new token is the only output on standard output")]
fn print(text: &str) {
    println!("{text}");
}
