//! CloudWatch Logs: the end of a stream, the lines of a group as they come, and the group itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Account,
    http::{self, Service},
    tags::Tags,
};

/// Lines reach the log in no particular order, some after later ones: so far back is looked again.
const LATE_MS: u64 = 30_000;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    id: String,
    /// Milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// The stream it came through.
    pub(crate) stream: String,
    pub(crate) text: String,
}

impl LogLine {
    #[cfg(test)]
    pub(crate) fn new(at_ms: u64, stream: &str, text: &str) -> Self {
        Self { id: String::new(), at_ms, stream: stream.to_owned(), text: text.to_owned() }
    }
}

/// A log group that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogGroup {
    pub(crate) arn: String,
    /// Days after which lines are deleted; never, without it.
    pub(crate) retention_days: Option<u64>,
    pub(crate) stored_bytes: u64,
    pub(crate) tags: Tags,
}

/// The last lines of a stream, oldest first. A stream that is not there has none.
pub(crate) async fn tail(account: &Account, group: &str, stream: &str, lines: usize) -> anyhow::Result<Vec<LogLine>> {
    let body = json!({"logGroupName": group, "logStreamName": stream, "limit": lines, "startFromHead": false});
    let Some(answer) = unless_missing(call(account, "GetLogEvents", &body).await)? else { return Ok(Vec::new()) };
    let mut lines = lines_in(&answer);
    for line in &mut lines {
        stream.clone_into(&mut line.stream);
    }
    Ok(lines)
}

/// Goes through all streams of a group, from a time on.
#[derive(Debug)]
pub(crate) struct Cursor {
    group: String,
    from_ms: u64,
    seen: BTreeSet<(u64, String)>,
}

impl Cursor {
    /// Begins so many milliseconds after 1970.
    pub(crate) fn since(group: &str, from_ms: u64) -> Self {
        Self { group: group.to_owned(), from_ms, seen: BTreeSet::new() }
    }

    /// The lines that have come since the last time, by their time. A group that is not there is an error.
    pub(crate) async fn next(&mut self, account: &Account) -> anyhow::Result<Vec<LogLine>> {
        let mut new = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut body = json!({"logGroupName": self.group, "startTime": self.from_ms});
            if !token.is_null() {
                body["nextToken"] = token;
            }
            let page = call(account, "FilterLogEvents", &body).await?;
            new.extend(self.unseen(lines_in(&page)));
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        self.advance();
        new.sort_by_key(|line| line.at_ms);
        Ok(new)
    }

    fn unseen(&mut self, lines: Vec<LogLine>) -> Vec<LogLine> {
        lines.into_iter().filter(|line| self.seen.insert((line.at_ms, line.id.clone()))).collect()
    }

    /// Forgets what is too old to come again, and asks for newer lines from now on.
    fn advance(&mut self) {
        if let Some((newest, _)) = self.seen.last() {
            self.from_ms = self.from_ms.max(newest.saturating_sub(LATE_MS));
            self.seen = self.seen.split_off(&(self.from_ms, String::new()));
        }
    }
}

/// A log group by its whole name, if there is one.
pub(crate) async fn group(account: &Account, name: &str) -> anyhow::Result<Option<LogGroup>> {
    let mut token = Value::Null;
    loop {
        let mut body = json!({"logGroupNamePrefix": name});
        if !token.is_null() {
            body["nextToken"] = token;
        }
        let page = call(account, "DescribeLogGroups", &body).await?;
        let named = page["logGroups"].as_array().into_iter().flatten().find(|group| group["logGroupName"] == name);
        if let Some(group) = named {
            // With `:*` at its end the ARN names the streams in it.
            let arn = group["arn"].as_str().unwrap_or_default().trim_end_matches(":*").to_owned();
            let Some(tags) = unless_missing(tags(account, &arn).await)? else { return Ok(None) };
            let retention_days = group["retentionInDays"].as_u64();
            let stored_bytes = group["storedBytes"].as_u64().unwrap_or(0);
            return Ok(Some(LogGroup { arn, retention_days, stored_bytes, tags }));
        }
        token = page["nextToken"].clone();
        if token.is_null() {
            return Ok(None);
        }
    }
}

/// Deletes a log group with all lines; says whether there was one.
pub(crate) async fn delete_group(account: &Account, name: &str) -> anyhow::Result<bool> {
    let deleted = call(account, "DeleteLogGroup", &json!({"logGroupName": name})).await;
    Ok(unless_missing(deleted)?.is_some())
}

async fn tags(account: &Account, arn: &str) -> anyhow::Result<Tags> {
    let answer = call(account, "ListTagsForResource", &json!({"resourceArn": arn})).await?;
    let pairs = answer["tags"].as_object().into_iter().flatten();
    Ok(pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect())
}

async fn call(account: &Account, operation: &str, body: &Value) -> anyhow::Result<Value> {
    http::json(account, Service::Logs, operation, body).await
}

fn unless_missing<T>(answer: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if http::code(&error) == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(error),
    }
}

fn lines_in(answer: &Value) -> Vec<LogLine> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let line = |event: &Value| LogLine {
        id: text(event, "eventId"),
        at_ms: event["timestamp"].as_u64().unwrap_or(0),
        stream: text(event, "logStreamName"),
        text: text(event, "message"),
    };
    answer["events"].as_array().into_iter().flatten().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at_ms: u64, id: &str) -> LogLine {
        LogLine { id: id.to_owned(), at_ms, stream: String::new(), text: String::new() }
    }

    fn ids(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.id.as_str()).collect()
    }

    #[test]
    fn a_line_comes_once_and_a_late_one_still_comes() {
        let mut cursor = Cursor::since("group", 0);
        assert_eq!(ids(&cursor.unseen(vec![line(100_000, "a"), line(100_001, "b")])), ["a", "b"]);
        cursor.advance();
        assert_eq!(cursor.from_ms, 70_001);
        assert_eq!(ids(&cursor.unseen(vec![line(99_000, "late"), line(100_000, "a"), line(100_001, "b")])), ["late"]);
    }

    #[test]
    fn what_is_too_old_to_come_again_is_forgotten() {
        let mut cursor = Cursor::since("group", 0);
        cursor.unseen(vec![line(1, "old"), line(200_000, "new")]);
        cursor.advance();
        assert_eq!(cursor.seen.len(), 1);
        cursor.unseen(Vec::new());
        cursor.advance();
        assert_eq!(cursor.from_ms, 170_000);
    }
}
