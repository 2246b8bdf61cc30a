//! Parses the output of `terraform … -json`: one message a line.

use serde::Deserialize;

/// One message, reduced to what the deployer uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// Shown while Terraform runs.
    Progress(String),
    /// A resource is done. Shown like progress.
    Complete(String),
    /// The numbers of a plan, or of a finished apply or destroy.
    Summary(Changes),
    /// An error with its details on one line.
    Error(String),
    /// Written to the log only.
    Other,
}

/// The numbers of resources that were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Changes {
    pub(crate) add: usize,
    pub(crate) change: usize,
    pub(crate) remove: usize,
    #[serde(default)]
    pub(crate) import: usize,
}

/// Collects the result and the errors of one run.
#[derive(Debug, Default)]
pub struct JsonOutput {
    pub(crate) changes: Changes,
    pub(crate) errors: Vec<String>,
    /// Resources that are done.
    pub(crate) complete: usize,
}

impl JsonOutput {
    /// Reads a line. Returns its text if it is to be shown.
    pub(crate) fn read_line(&mut self, line: &str) -> Option<String> {
        match Message::parse(line) {
            Message::Progress(text) => return Some(text),
            Message::Complete(text) => {
                self.complete += 1;
                return Some(text);
            }
            Message::Summary(changes) => self.changes = changes,
            Message::Error(text) => self.errors.push(text),
            Message::Other => {}
        }
        None
    }
}

impl Message {
    pub(crate) fn parse(line: &str) -> Self {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "@message")]
            message: String,
            #[serde(rename = "type")]
            kind: String,
            changes: Option<Changes>,
            diagnostic: Option<Diagnostic>,
            hook: Option<Hook>,
        }
        #[derive(Deserialize)]
        struct Hook {
            action: Option<String>,
        }
        #[derive(Deserialize)]
        struct Diagnostic {
            severity: String,
            summary: String,
            #[serde(default)]
            detail: String,
            address: Option<String>,
        }
        let Ok(line) = serde_json::from_str::<Line>(line) else { return Self::Other };
        if line.hook.and_then(|hook| hook.action).is_some_and(|action| action == "read") {
            return Self::Other;
        }
        match (line.kind.as_str(), line.changes, line.diagnostic) {
            ("change_summary", Some(changes), _) => Self::Summary(changes),
            ("apply_complete", ..) => Self::Complete(line.message),
            ("apply_progress" | "apply_errored", ..) => Self::Progress(line.message),
            ("diagnostic", _, Some(diagnostic)) if diagnostic.severity == "error" => {
                let address = diagnostic.address.map_or_else(String::new, |address| format!("{address}: "));
                let detail = diagnostic.detail.trim().replace('\n', " ");
                let joint = if detail.is_empty() { "" } else { ": " };
                Self::Error(format!("{address}{}{joint}{detail}", diagnostic.summary))
            }
            _ => Self::Other,
        }
    }
}

impl Changes {
    /// Returns the number of resources that a plan changes. A replaced one counts twice, as in Terraform's messages.
    pub(crate) fn total(&self) -> usize {
        self.add + self.change + self.remove + self.import
    }
}

impl std::fmt::Display for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::default() {
            return f.write_str("nothing to change");
        }
        let adopted = if self.import > 0 { format!("{} adopted, ", self.import) } else { String::new() };
        write!(f, "{adopted}{} added, {} changed, {} removed", self.add, self.change, self.remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_resource_and_detail() {
        let line = r#"{"@level":"error","@message":"Error: x","type":"diagnostic","diagnostic":{"severity":"error","summary":"creating table","detail":"AccessDenied:\nno","address":"aws_dynamodb_table.state"}}"#;
        let mut output = JsonOutput::default();
        assert_eq!(output.read_line(line), None);
        assert_eq!(output.errors, ["aws_dynamodb_table.state: creating table: AccessDenied: no"]);
    }

    #[test]
    fn last_summary_wins_and_progress_is_shown() {
        let mut output = JsonOutput::default();
        let done = r#"{"@message":"a: Creation complete","type":"apply_complete","hook":{}}"#;
        assert_eq!(output.read_line(done).as_deref(), Some("a: Creation complete"));
        assert_eq!(output.complete, 1);
        for add in [13, 7] {
            output.read_line(&format!(r#"{{"@message":"","type":"change_summary","changes":{{"add":{add},"change":0,"import":1,"remove":2,"operation":"apply"}}}}"#));
        }
        assert_eq!(output.changes.to_string(), "1 adopted, 7 added, 0 changed, 2 removed");
        assert_eq!(output.changes.total(), 10);
        assert_eq!(Changes::default().to_string(), "nothing to change");
        assert_eq!(output.read_line("not json"), None);
        let read = r#"{"@message":"data.x: Refresh complete","type":"apply_complete","hook":{"action":"read"}}"#;
        assert_eq!(output.read_line(read), None);
    }
}
