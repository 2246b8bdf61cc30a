//! CloudWatch Logs: the last lines of a stream, the new lines of a group, and the group itself.

use std::collections::BTreeSet;

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};

use super::{
    Account,
    http::{self, Service},
    tags::Tags,
};

/// The overlap between two reads of a group, because lines arrive out of order.
const OVERLAP_MS: u64 = 30_000;
/// The most pages of one stream that are read for its last lines.
const TAIL_PAGES: usize = 10;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    id: String,
    /// Milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// The name of the stream, one for each task.
    pub(crate) stream: String,
    pub(crate) text: String,
}

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogGroup {
    pub(crate) arn: String,
    /// Days after which lines are deleted. `None` keeps them for good.
    pub(crate) retention_days: Option<u64>,
    pub(crate) stored_bytes: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    #[serde(default)]
    events: Vec<Event>,
    next_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    event_id: String,
    timestamp: u64,
    log_stream_name: String,
    message: String,
}

/// A page of one stream, read backwards. CloudWatch may return a page with fewer lines than it has, even none
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamPage {
    #[serde(default)]
    events: Vec<Event>,
    /// The same as that of the request if there are no older lines.
    next_backward_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    #[serde(default)]
    log_groups: Vec<Group>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(default)]
    arn: String,
    log_group_name: String,
    retention_in_days: Option<u64>,
    #[serde(default)]
    stored_bytes: u64,
}

#[derive(Deserialize)]
struct GroupTags {
    #[serde(default)]
    tags: Tags,
}

impl LogLine {
    #[cfg(test)]
    pub(crate) fn new(at_ms: u64, stream: &str, text: &str) -> Self {
        Self { id: String::new(), at_ms, stream: stream.to_owned(), text: text.to_owned() }
    }
}

impl From<Event> for LogLine {
    fn from(event: Event) -> Self {
        Self { id: event.event_id, at_ms: event.timestamp, stream: event.log_stream_name, text: event.message }
    }
}

/// Returns the last lines of a stream, oldest first; none if the stream does not exist.
pub(crate) async fn tail(account: &Account, group: &str, stream: &str, lines: usize) -> anyhow::Result<Vec<LogLine>> {
    let found = read_backwards(lines, async |limit, token| {
        let mut body = json!({"logGroupName": group, "logStreamName": stream, "limit": limit, "startFromHead": false});
        if let Some(token) = token {
            body["nextToken"] = Value::from(token);
        }
        if_exists(call::<StreamPage>(account, "GetLogEvents", &body).await)
    });
    // GetLogEvents omits the stream's name, because every line has the same.
    Ok(found.await?.into_iter().map(|event| LogLine { stream: stream.to_owned(), ..event.into() }).collect())
}

/// Reads pages, from the newest to older ones, until there are enough lines or no older ones.
async fn read_backwards(
    lines: usize,
    read: impl AsyncFn(usize, Option<&str>) -> anyhow::Result<Option<StreamPage>>,
) -> anyhow::Result<Vec<Event>> {
    let mut found: Vec<Event> = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..TAIL_PAGES {
        let Some(mut page) = read(lines - found.len(), token.as_deref()).await? else { break };
        page.events.append(&mut found);
        found = page.events;
        found.drain(..found.len().saturating_sub(lines));
        let ended = page.next_backward_token.is_none() || page.next_backward_token == token;
        token = page.next_backward_token;
        if ended || found.len() == lines {
            break;
        }
    }
    Ok(found)
}

/// Reads the lines of all streams of a group as they arrive, each line once.
#[derive(Debug)]
pub(crate) struct Cursor {
    group: String,
    from_ms: u64,
    seen: BTreeSet<(u64, String)>,
}

impl Cursor {
    /// Starts at a time in milliseconds since 1970.
    pub(crate) fn since(group: &str, from_ms: u64) -> Self {
        Self { group: group.to_owned(), from_ms, seen: BTreeSet::new() }
    }

    /// Returns the lines that have arrived since the last call, ordered by time. Fails if the group does not exist.
    pub(crate) async fn next(&mut self, account: &Account) -> anyhow::Result<Vec<LogLine>> {
        let mut new = Vec::new();
        let mut token = None;
        loop {
            let mut body = json!({"logGroupName": self.group, "startTime": self.from_ms});
            if let Some(token) = token {
                body["nextToken"] = Value::String(token);
            }
            let page: Events = call(account, "FilterLogEvents", &body).await?;
            new.extend(self.unseen(page.events.into_iter().map(LogLine::from).collect()));
            token = page.next_token;
            if token.is_none() {
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

    /// Moves the start of the next read forward, and drops the lines from `seen` that it can no longer return.
    fn advance(&mut self) {
        if let Some((newest, _)) = self.seen.last() {
            self.from_ms = self.from_ms.max(newest.saturating_sub(OVERLAP_MS));
            self.seen = self.seen.split_off(&(self.from_ms, String::new()));
        }
    }
}

/// Returns the log group of exactly this name, if it exists.
pub(crate) async fn group(account: &Account, name: &str) -> anyhow::Result<Option<LogGroup>> {
    let mut token = None;
    loop {
        let mut body = json!({"logGroupNamePrefix": name});
        if let Some(token) = token {
            body["nextToken"] = Value::String(token);
        }
        let page: Groups = call(account, "DescribeLogGroups", &body).await?;
        if let Some(group) = page.log_groups.into_iter().find(|group| group.log_group_name == name) {
            // An ARN that ends in `:*` names the group's streams.
            let arn = group.arn.trim_end_matches(":*").to_owned();
            let (retention_days, stored_bytes) = (group.retention_in_days, group.stored_bytes);
            return Ok(Some(LogGroup { arn, retention_days, stored_bytes }));
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(None);
        }
    }
}

/// Deletes a log group with all of its lines. Returns whether it existed.
pub(crate) async fn delete_group(account: &Account, name: &str) -> anyhow::Result<bool> {
    let deleted = call::<IgnoredAny>(account, "DeleteLogGroup", &json!({"logGroupName": name})).await;
    Ok(if_exists(deleted)?.is_some())
}

/// Returns the tags of a log group by its ARN, if the group exists.
pub(crate) async fn tags(account: &Account, arn: &str) -> anyhow::Result<Option<Tags>> {
    let response = call::<GroupTags>(account, "ListTagsForResource", &json!({"resourceArn": arn})).await;
    Ok(if_exists(response)?.map(|response| response.tags))
}

async fn call<T: DeserializeOwned>(account: &Account, operation: &str, body: &Value) -> anyhow::Result<T> {
    http::json(account, Service::Logs, operation, body).await
}

/// Turns the error for a resource that does not exist into `None`.
fn if_exists<T>(result: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(response) => Ok(Some(response)),
        Err(error) if http::error_code(&error) == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::wait_for;

    fn line(at_ms: u64, id: &str) -> LogLine {
        LogLine { id: id.to_owned(), at_ms, stream: String::new(), text: String::new() }
    }

    fn ids(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.id.as_str()).collect()
    }

    #[test]
    fn late_line_is_returned_once() {
        let mut cursor = Cursor::since("group", 0);
        assert_eq!(ids(&cursor.unseen(vec![line(100_000, "a"), line(100_001, "b")])), ["a", "b"]);
        cursor.advance();
        assert_eq!(cursor.from_ms, 70_001);
        assert_eq!(ids(&cursor.unseen(vec![line(99_000, "late"), line(100_000, "a"), line(100_001, "b")])), ["late"]);
    }

    #[test]
    fn tail_reads_on_after_short_pages() {
        let page = |texts: &[&str], token: &str| {
            let event = |text: &&str| Event { message: (*text).to_owned(), ..Event::default() };
            StreamPage { events: texts.iter().map(event).collect(), next_backward_token: Some(token.to_owned()) }
        };
        let tail = |lines| {
            let read = read_backwards(lines, async |_, token| {
                Ok(Some(match token {
                    None => page(&[], "a"),
                    Some("a") => page(&["newest"], "b"),
                    Some("b") => page(&["oldest", "older", "old"], "c"),
                    Some(_) => page(&[], "c"),
                }))
            });
            let found: Vec<String> = wait_for(read).unwrap().unwrap().into_iter().map(|event| event.message).collect();
            found.join(" ")
        };
        assert_eq!(tail(3), "older old newest");
        assert_eq!(tail(9), "oldest older old newest");
        assert_eq!(tail(1), "newest");
    }

    #[test]
    fn old_lines_are_dropped() {
        let mut cursor = Cursor::since("group", 0);
        cursor.unseen(vec![line(1, "old"), line(200_000, "new")]);
        cursor.advance();
        assert_eq!(cursor.seen.len(), 1);
        cursor.unseen(Vec::new());
        cursor.advance();
        assert_eq!(cursor.from_ms, 170_000);
    }
}
