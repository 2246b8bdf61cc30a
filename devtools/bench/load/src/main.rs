//! Reads a plan as JSON from standard input, drives it, and prints the report as JSON; or says what went wrong, and exits with 1.

use std::{io, process::ExitCode};

use bench_load::{Report, drive};

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            tell(&serde_json::json!(report).to_string());
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            complain(&wrong);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Report, String> {
    let plan = serde_json::from_reader(io::stdin()).map_err(|error| format!("no plan: {error}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(drive::drive(plan))
}

#[expect(clippy::print_stdout, reason = "the one place that answers")]
fn tell(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the one place that complains")]
fn complain(text: &str) {
    eprintln!("bench-load: {text}");
}
