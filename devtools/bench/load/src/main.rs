//! Reads a plan as JSON from standard input, drives it, and prints the report as JSON. Prints an error and exits with
//! 1 if that fails.

use std::{io, process::ExitCode};

use bench_load::{Report, drive};

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            print(&serde_json::json!(report).to_string());
            ExitCode::SUCCESS
        }
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Report, String> {
    let plan = serde_json::from_reader(io::stdin()).map_err(|error| format!("invalid plan: {error}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(drive::drive(plan))
}

#[expect(clippy::print_stdout, reason = "the only output to stdout")]
fn print(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the only output to stderr")]
fn print_error(text: &str) {
    eprintln!("bench-load: {text}");
}
