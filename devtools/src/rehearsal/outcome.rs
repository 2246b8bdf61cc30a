//! What a finished command of ours left behind, and what a scenario expects of that.

use anyhow::{Context, anyhow};
use serde_json::Value;

/// A finished command.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The command as one would type it.
    pub(super) line: String,
    /// Nothing if a signal ended it.
    pub(super) exit: Option<i32>,
    /// All that it printed.
    pub(super) said: String,
    pub(super) seconds: f64,
}

impl Outcome {
    /// Fails, with the end of what was said, unless this was the exit code.
    pub(super) fn exit_code(self, code: i32) -> anyhow::Result<Self> {
        if self.exit == Some(code) {
            return Ok(self);
        }
        let ended = self.exit.map_or_else(|| "was ended by a signal".to_owned(), |exit| format!("exited with {exit}"));
        Err(anyhow!("`{}` {ended} and not with {code}\n{}", self.line, self.end()))
    }

    /// Fails unless this was said, whatever the case of its letters.
    pub(super) fn says(self, what: &str) -> anyhow::Result<Self> {
        if self.said.to_lowercase().contains(&what.to_lowercase()) {
            return Ok(self);
        }
        Err(anyhow!("`{}` does not say {what:?}\n{}", self.line, self.end()))
    }

    /// The last event of a kind.
    pub(super) fn event(&self, kind: &str) -> anyhow::Result<Value> {
        let found = objects(&self.said).filter(|object| object["event"] == kind).last();
        found.with_context(|| format!("`{}` printed no event `{kind}`\n{}", self.line, self.end()))
    }

    /// A text in the last event of a kind.
    pub(super) fn told(&self, kind: &str, key: &str) -> anyhow::Result<String> {
        let event = self.event(kind)?;
        let text = event[key].as_str().map(str::to_owned);
        text.with_context(|| format!("the event `{kind}` of `{}` has no `{key}`: {event}", self.line))
    }

    /// The one object that a command prints with `--json`, if it does not print events.
    pub(super) fn object(&self) -> anyhow::Result<Value> {
        let found = objects(&self.said).filter(|object| object["event"].is_null()).last();
        found.with_context(|| format!("`{}` printed no JSON\n{}", self.line, self.end()))
    }

    /// How long a deploy took by its own account: all of it, Terraform's part and the rest, then each step.
    pub(super) fn times(&self) -> anyhow::Result<String> {
        let deployed = self.event("deployed")?;
        let seconds = |key: &str| {
            let seconds = deployed[key].as_f64();
            seconds.with_context(|| format!("the event `deployed` of `{}` has no `{key}`: {deployed}", self.line))
        };
        let (whole, terraform) = (seconds("seconds")?, seconds("terraform_seconds")?);
        let steps: Vec<String> = objects(&self.said)
            .filter(|object| object["event"] == "done")
            .filter_map(|done| Some(format!("{} {:.1} s", done["step"].as_str()?, done["seconds"].as_f64()?)))
            .collect();
        let (rest, steps) = (whole - terraform, steps.join(", "));
        Ok(format!("{whole:.1} s, Terraform's {terraform:.1} s, the rest {rest:.1} s ({steps})"))
    }

    /// The error that it ended with, all of it in one text.
    pub(super) fn failure(&self) -> anyhow::Result<String> {
        let failed = self.event("failed")?;
        let texts = |value: &Value| match value {
            Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            value => vec![value.as_str().unwrap_or_default().to_owned()],
        };
        Ok([texts(&failed["error"]), texts(&failed["causes"]), texts(&failed["hints"])].concat().join("\n"))
    }

    /// Why it failed, in a line: the first cause, or the error itself.
    pub(super) fn cause(&self) -> anyhow::Result<String> {
        let failed = self.event("failed")?;
        let cause = failed["causes"][0].as_str().or(failed["error"].as_str()).unwrap_or_default();
        Ok(cause.lines().next().unwrap_or_default().to_owned())
    }

    fn end(&self) -> String {
        end(&self.said)
    }
}

/// The last lines of what was said, as a quotation.
pub(super) fn end(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(25)..].iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

/// Every line that is a JSON object; tools that we run may print others between them.
pub(super) fn objects(said: &str) -> impl Iterator<Item = Value> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(exit: i32, said: &str) -> Outcome {
        Outcome { line: "xtask deploy".to_owned(), exit: Some(exit), said: said.to_owned(), seconds: 0.0 }
    }

    const SAID: &str = r#"{"event":"started","step":"apply"}
terraform says
{"event":"done","step":"apply","seconds":1.5,"detail":"d"}
{"event":"done","step":"wait","seconds":0.2,"detail":"d"}
{"event":"deployed","seconds":1.84,"terraform_seconds":1.31}
{"url":"http://h"}
{"event":"failed","exit":6,"error":"outer","causes":["inner"],"hints":["look"]}"#;

    #[test]
    fn events_and_objects_are_told_from_what_tools_print() {
        let outcome = outcome(6, SAID);
        assert_eq!(outcome.times().unwrap(), "1.8 s, Terraform's 1.3 s, the rest 0.5 s (apply 1.5 s, wait 0.2 s)");
        assert_eq!(outcome.object().unwrap()["url"], "http://h");
        assert_eq!(outcome.failure().unwrap(), "outer\ninner\nlook");
        assert_eq!(outcome.cause().unwrap(), "inner");
        assert_eq!(outcome.told("started", "step").unwrap(), "apply");
        assert!(outcome.event("destroyed").is_err());
    }

    #[test]
    fn another_exit_code_fails_with_what_was_said() {
        assert!(outcome(6, SAID).exit_code(6).is_ok());
        let error = outcome(6, SAID).exit_code(0).unwrap_err().to_string();
        assert!(error.contains("exited with 6") && error.contains("  | terraform says"), "{error}");
        assert!(outcome(0, SAID).says("Terraform SAYS").is_ok());
        assert!(outcome(0, SAID).says("never").is_err());
    }
}
