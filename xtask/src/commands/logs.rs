//! `cargo xtask logs`: prints the service's log on AWS, of all its tasks, in order of time.

use std::{io::IsTerminal, time::Duration};

use crate::{
    aws::{
        Account,
        logs::{Cursor, LogLine},
    },
    cli,
    error::{ErrorExt, Exit},
    rollout::log_line,
    runtime,
    stack::{Deployment, deployment},
    timestamp, ui,
};

const POLL: Duration = Duration::from_secs(2);
/// Failed requests in a row that end `--follow`.
const MAX_FAILURES: u32 = 10;

pub(crate) fn run(args: &cli::Logs) -> anyhow::Result<()> {
    runtime::until_interrupted(logs(args))
}

async fn logs(args: &cli::Logs) -> anyhow::Result<()> {
    let Deployment { account, outputs, .. } = deployment::find(&args.which).await?;
    let from = timestamp::now().saturating_sub(args.since * 60) * 1000;
    let mut cursor = Cursor::since(&outputs.log_group, from);
    let first = cursor.next(&account).await;
    let first = first
        .hint(format!("run `cargo xtask deploy{}` to create what is missing", args.which.project.flag()))
        .exit_code(Exit::Unreachable)?;
    print(&first);
    if args.follow {
        // Ctrl-C ends `--follow` and is not a failure.
        return tokio::select! {
            followed = follow(&account, &mut cursor) => followed,
            _ = tokio::signal::ctrl_c() => Ok(()),
        };
    }
    if first.is_empty() {
        ui::progress(&format!(
            "{} has no lines from the last {} minutes; use `--since` to look further back",
            outputs.log_group, args.since
        ));
    }
    Ok(())
}

/// Prints new lines until requests keep failing.
async fn follow(account: &Account, cursor: &mut Cursor) -> anyhow::Result<()> {
    let mut failures = 0;
    loop {
        tokio::time::sleep(POLL).await;
        match cursor.next(account).await {
            Ok(lines) => {
                failures = 0;
                print(&lines);
            }
            Err(_) if failures + 1 < MAX_FAILURES => failures += 1,
            Err(error) => return Err(error.context("cannot read the log any more")),
        }
    }
}

fn print(lines: &[LogLine]) {
    let on_terminal = std::io::stdout().is_terminal();
    for line in lines {
        ui::result(&shown(line, on_terminal));
    }
}

/// Formats a line as `time  task  line`. On a terminal the task is shortened and the service's JSON is made readable.
fn shown(line: &LogLine, on_terminal: bool) -> String {
    let seconds = timestamp::rfc3339(line.at_ms / 1000);
    let time = format!("{}.{:03}Z", seconds.trim_end_matches('Z'), line.at_ms % 1000);
    let task = line.stream.rsplit('/').next().unwrap_or(&line.stream);
    match on_terminal {
        true => format!("{time}  {}  {}", task.get(..8).unwrap_or(task), log_line::readable(&line.text)),
        false => format!("{time}  {task}  {}", line.text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_shortened_on_a_terminal_only() {
        let json = r#"{"level":"INFO","message":"listening"}"#;
        let line = LogLine::new(1_795_363_380_042, "ecs/mcp-stateful/0123456789abcdef", json);
        assert_eq!(shown(&line, true), "2026-11-22T16:03:00.042Z  01234567  INFO  listening");
        assert_eq!(shown(&line, false), format!("2026-11-22T16:03:00.042Z  0123456789abcdef  {json}"));
    }
}
