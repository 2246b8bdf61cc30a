//! The Query for a session's notes, and the rows that come back. An answer that came the short way is read straight into them:
//! through the SDK's maps of attributes it would cost several times as much.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::query::{QueryError, QueryOutput, builders::QueryFluentBuilder},
    types::AttributeValue,
};
use aws_smithy_runtime_api::client::{interceptors::context::Input, orchestrator::HttpResponse};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use serde::Deserialize;

use super::{
    Store, StoreError,
    direct::Operation,
    item::{Item, get_number, key, text},
    keys::{EXPIRES_AT, NOTE_PREFIX, SK, session_pk},
    notes::NOTE,
};
use crate::{clock::epoch_seconds, session::Session};

/// Which of a session's notes to read, and what of them.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// Their texts, too.
    pub(super) notes: bool,
    /// Those behind this sort key.
    pub(super) after: Option<&'a str>,
    /// Those up to and with this sort key.
    pub(super) last: Option<&'a str>,
    /// At most so many.
    pub(super) limit: Option<usize>,
}

/// One note.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its sort key.
    pub(super) sk: String,
    /// Its text, if that was wanted.
    pub(super) note: Option<String>,
    expires_at: Option<u64>,
}

/// One page of a session's notes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// In the order of their sort keys.
    pub(super) rows: Vec<Row>,
    /// The sort key to go on behind, if there is more.
    pub(super) next: Option<String>,
}

impl Store {
    /// One page of the session's notes. Strongly consistent.
    pub(super) async fn query_notes(&self, session: &Session, wanted: Wanted<'_>) -> Result<Rows, StoreError> {
        let mut request = self
            .client
            .query()
            .table_name(self.table())
            .expression_attribute_values(":pk", text(session_pk(session)))
            .expression_attribute_values(":note", text(NOTE_PREFIX))
            .projection_expression(if wanted.notes { "sk, note, expiresAt" } else { "sk, expiresAt" })
            .consistent_read(true)
            .set_exclusive_start_key(wanted.after.map(|sk| key(session_pk(session), sk)))
            .set_limit(wanted.limit.and_then(|limit| i32::try_from(limit).ok()));
        request = match wanted.last {
            Some(last) => request
                .key_condition_expression("pk = :pk AND sk BETWEEN :note AND :last")
                .expression_attribute_values(":last", text(last)),
            None => request.key_condition_expression("pk = :pk AND begins_with(sk, :note)"),
        };
        self.send(NotesQuery(request)).await
    }
}

impl Row {
    /// Whether the note lives: DynamoDB may take days to delete what its TTL ended.
    pub(super) fn is_visible(&self) -> bool {
        self.expires_at.is_none_or(|at| at > epoch_seconds())
    }
}

struct NotesQuery(QueryFluentBuilder);

impl Operation for NotesQuery {
    const NAME: &'static str = QueryFluentBuilder::NAME;
    type Output = Rows;
    type Error = QueryError;

    fn input(&self) -> Option<Input> {
        self.0.input()
    }

    fn serde() -> Option<&'static FrozenLayer> {
        QueryFluentBuilder::serde()
    }

    fn read(answer: &HttpResponse, _: &ConfigBag) -> Option<Rows> {
        let answer: Answer = serde_json::from_slice(answer.body().bytes()?).ok()?;
        let row = |item: ItemJson| {
            Some(Row {
                sk: item.sk?.s?,
                note: item.note.and_then(|note| note.s),
                expires_at: item.expires_at.and_then(|at| at.n?.parse().ok()),
            })
        };
        Some(Rows {
            rows: answer.items.unwrap_or_default().into_iter().filter_map(row).collect(),
            next: answer.last_evaluated_key.and_then(|key| key.sk?.s),
        })
    }

    async fn by_sdk(self, left: Option<Duration>) -> Result<Rows, SdkError<QueryError>> {
        self.0.by_sdk(left).await.map(Rows::from)
    }
}

/// What of a Query's answer is wanted. <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    items: Option<Vec<ItemJson>>,
    last_evaluated_key: Option<ItemJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemJson {
    sk: Option<Attribute>,
    note: Option<Attribute>,
    expires_at: Option<Attribute>,
}

/// A text or a number; anything else is neither.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Attribute {
    s: Option<String>,
    n: Option<String>,
}

impl From<QueryOutput> for Rows {
    fn from(answer: QueryOutput) -> Self {
        let mut key = answer.last_evaluated_key.unwrap_or_default();
        Self {
            rows: answer.items.unwrap_or_default().into_iter().filter_map(row).collect(),
            next: take_text(&mut key, SK),
        }
    }
}

fn row(mut item: Item) -> Option<Row> {
    Some(Row {
        expires_at: get_number(&item, EXPIRES_AT),
        sk: take_text(&mut item, SK)?,
        note: take_text(&mut item, NOTE),
    })
}

fn take_text(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::{
        client::ser_de::{DeserializeResponse, SharedResponseDeserializer},
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;
    use serde_json::{Value, json};

    use super::*;

    fn answer(body: &Value) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from(body.to_string()))
    }

    /// What the SDK reads.
    fn by_sdk(body: &Value) -> Rows {
        let read = NotesQuery::serde().unwrap().load::<SharedResponseDeserializer>().unwrap();
        let output = read.deserialize_nonstreaming_with_config(&answer(body), &ConfigBag::base()).unwrap();
        output.downcast::<QueryOutput>().unwrap().into()
    }

    #[test]
    fn the_answer_is_read_as_the_sdk_reads_it() {
        let item = |note: Value| json!({"sk": {"S": "NOTE#v2#1"}, "note": note, "expiresAt": {"N": "4102444800"}});
        let notes = [
            json!({"S": "a \"note\"\n\u{1f600} \\ \u{7}"}),
            json!({"S": ""}),
            json!({"N": "1"}),
            json!({"B": "AA=="}),
            json!({"BOOL": true}),
            json!({"NULL": true}),
            json!({"L": [{"S": "x"}]}),
            json!({"M": {"S": {"S": "x"}}}),
            json!({"SS": ["x"]}),
        ];
        let mut bodies: Vec<Value> =
            notes.into_iter().map(|note| json!({"Items": [item(note)], "Count": 1, "ScannedCount": 1})).collect();
        bodies.extend([
            json!({"Items": [], "Count": 0}),
            json!({"Count": 0}),
            json!({"Items": null, "LastEvaluatedKey": null}),
            json!({"Items": [{"sk": {"S": "NOTE#1"}}, {"note": {"S": "no key"}}, {"sk": {"S": "NOTE#2"}, "expiresAt": {"S": "1"}}]}),
            json!({"Items": [item(json!({"S": "a"}))], "LastEvaluatedKey": {"pk": {"S": "SESSION#s"}, "sk": {"S": "NOTE#9"}}}),
            json!({"Items": [], "LastEvaluatedKey": {}, "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5}}),
        ]);
        for body in bodies {
            assert_eq!(NotesQuery::read(&answer(&body), &ConfigBag::base()), Some(by_sdk(&body)), "{body}");
        }
    }

    #[test]
    fn what_is_no_answer_is_not_read() {
        for body in [json!([]), json!({"Items": {}}), json!({"Items": [1]}), json!({"Items": [{"sk": "NOTE#1"}]})] {
            assert_eq!(NotesQuery::read(&answer(&body), &ConfigBag::base()), None, "{body}");
        }
    }
}
