//! The outcome of a finished `cargo xtask` command, and the expectations that a scenario has of it.

use anyhow::{Context, anyhow};
use serde_json::Value;

/// A finished command.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The command as a user would type it.
    pub(super) line: String,
    /// The exit code. `None` if a signal ended the command.
    pub(super) exit: Option<i32>,
    /// Everything printed to stdout and stderr.
    pub(super) output: String,
    pub(super) seconds: f64,
}

impl Outcome {
    /// Fails with the tail of the output unless the exit code is `code`.
    pub(super) fn expect_exit(self, code: i32) -> anyhow::Result<Self> {
        if self.exit == Some(code) {
            return Ok(self);
        }
        let ended = self.exit.map_or_else(|| "was ended by a signal".to_owned(), |exit| format!("exited with {exit}"));
        Err(anyhow!("`{}` {ended} instead of {code}\n{}", self.line, self.tail()))
    }

    /// Fails unless the output contains a text, in upper or lower case.
    pub(super) fn expect_output(self, text: &str) -> anyhow::Result<Self> {
        if self.output.to_lowercase().contains(&text.to_lowercase()) {
            return Ok(self);
        }
        Err(anyhow!("the output of `{}` does not contain {text:?}\n{}", self.line, self.tail()))
    }

    /// Returns the last event of a kind.
    pub(super) fn event(&self, kind: &str) -> anyhow::Result<Value> {
        let found = objects(&self.output).filter(|object| object["event"] == kind).last();
        found.with_context(|| format!("`{}` printed no event `{kind}`\n{}", self.line, self.tail()))
    }

    /// Returns a text field of the last event of a kind.
    pub(super) fn event_text(&self, kind: &str, key: &str) -> anyhow::Result<String> {
        let event = self.event(kind)?;
        let text = event[key].as_str().map(str::to_owned);
        text.with_context(|| format!("the event `{kind}` of `{}` has no `{key}`: {event}", self.line))
    }

    /// Returns the object that a command without events prints with `--json`.
    pub(super) fn object(&self) -> anyhow::Result<Value> {
        let found = objects(&self.output).filter(|object| object["event"].is_null()).last();
        found.with_context(|| format!("`{}` printed no JSON\n{}", self.line, self.tail()))
    }

    /// Describes the durations that a deploy reports: total, Terraform's part, the rest, then each step.
    pub(super) fn timings(&self) -> anyhow::Result<String> {
        let deployed = self.event("deployed")?;
        let seconds = |key: &str| {
            let seconds = deployed[key].as_f64();
            seconds.with_context(|| format!("the event `deployed` of `{}` has no `{key}`: {deployed}", self.line))
        };
        let (whole, terraform) = (seconds("seconds")?, seconds("terraform_seconds")?);
        let steps: Vec<String> = objects(&self.output)
            .filter(|object| object["event"] == "done")
            .filter_map(|done| Some(format!("{} {:.1} s", done["step"].as_str()?, done["seconds"].as_f64()?)))
            .collect();
        let (rest, steps) = (whole - terraform, steps.join(", "));
        Ok(format!("{whole:.1} s, Terraform's {terraform:.1} s, the rest {rest:.1} s ({steps})"))
    }

    /// Returns the error of a failed command with its causes and hints.
    pub(super) fn failure(&self) -> anyhow::Result<String> {
        let failed = self.event("failed")?;
        let texts = |value: &Value| match value {
            Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            value => vec![value.as_str().unwrap_or_default().to_owned()],
        };
        Ok([texts(&failed["error"]), texts(&failed["causes"]), texts(&failed["hints"])].concat().join("\n"))
    }

    /// Returns the first line of the first cause, or of the error itself if it has no cause.
    pub(super) fn cause(&self) -> anyhow::Result<String> {
        let failed = self.event("failed")?;
        let cause = failed["causes"][0].as_str().or(failed["error"].as_str()).unwrap_or_default();
        Ok(cause.lines().next().unwrap_or_default().to_owned())
    }

    fn tail(&self) -> String {
        tail(&self.output)
    }
}

/// Quotes the last lines of an output.
pub(super) fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(25)..].iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

/// Parses every line that is a JSON object. Terraform and cargo may print other lines between them.
pub(super) fn objects(output: &str) -> impl Iterator<Item = Value> {
    output.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(exit: i32, output: &str) -> Outcome {
        Outcome { line: "xtask deploy".to_owned(), exit: Some(exit), output: output.to_owned(), seconds: 0.0 }
    }

    const OUTPUT: &str = r#"{"event":"started","step":"apply"}
terraform says
{"event":"done","step":"apply","seconds":1.5,"detail":"d"}
{"event":"done","step":"wait","seconds":0.2,"detail":"d"}
{"event":"deployed","seconds":1.84,"terraform_seconds":1.31}
{"url":"http://h"}
{"event":"failed","exit":6,"error":"outer","causes":["inner"],"hints":["look"]}"#;

    #[test]
    fn events_are_found_between_other_lines() {
        let outcome = outcome(6, OUTPUT);
        assert_eq!(outcome.timings().unwrap(), "1.8 s, Terraform's 1.3 s, the rest 0.5 s (apply 1.5 s, wait 0.2 s)");
        assert_eq!(outcome.object().unwrap()["url"], "http://h");
        assert_eq!(outcome.failure().unwrap(), "outer\ninner\nlook");
        assert_eq!(outcome.cause().unwrap(), "inner");
        assert_eq!(outcome.event_text("started", "step").unwrap(), "apply");
        assert!(outcome.event("destroyed").is_err());
    }

    #[test]
    fn other_exit_code_fails_with_the_output() {
        assert!(outcome(6, OUTPUT).expect_exit(6).is_ok());
        let error = outcome(6, OUTPUT).expect_exit(0).unwrap_err().to_string();
        assert!(error.contains("exited with 6") && error.contains("  | terraform says"), "{error}");
        assert!(outcome(0, OUTPUT).expect_output("Terraform SAYS").is_ok());
        assert!(outcome(0, OUTPUT).expect_output("never").is_err());
    }
}
