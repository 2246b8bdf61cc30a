//! The Query for notes on the fast path: reads the response straight into [`Rows`].
//!
//! The SDK would build a map of attributes for each note first, at several times the cost.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::query::{QueryError, builders::QueryFluentBuilder},
};
use aws_smithy_runtime_api::client::{interceptors::context::Input, orchestrator::HttpResponse};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use serde::Deserialize;

use super::Operation;
use crate::store::rows::{Row, Rows};

/// A Query whose response becomes [`Rows`], on the fast path and through the SDK.
pub(in crate::store) struct NotesQuery(pub(in crate::store) QueryFluentBuilder);

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

    fn read_response(response: &HttpResponse, _: &ConfigBag) -> Option<Rows> {
        let page: Page = serde_json::from_slice(response.body().bytes()?).ok()?;
        let row = |item: ItemJson| {
            Some(Row {
                sk: item.sk?.s?,
                note: item.note.and_then(|note| note.s),
                expires_at: item.expires_at.and_then(|at| at.n?.parse().ok()),
            })
        };
        Some(Rows {
            rows: page.items.unwrap_or_default().into_iter().filter_map(row).collect(),
            next: page.last_evaluated_key.and_then(|key| key.sk?.s),
        })
    }

    async fn send_with_sdk(self, timeout: Option<Duration>) -> Result<Rows, SdkError<QueryError>> {
        self.0.send_with_sdk(timeout).await.map(Rows::from)
    }
}

/// The fields of a Query's response that [`Rows`] needs.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
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

/// The value of a string (`S`) or a number (`N`). Both fields are empty for any other type.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Attribute {
    s: Option<String>,
    n: Option<String>,
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_smithy_runtime_api::{
        client::ser_de::{DeserializeResponse, SharedResponseDeserializer},
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;
    use serde_json::{Value, json};

    use super::*;

    fn response(body: &Value) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from(body.to_string()))
    }

    fn read_by_sdk(body: &Value) -> Rows {
        let deserializer = NotesQuery::serde().unwrap().load::<SharedResponseDeserializer>().unwrap();
        let output = deserializer.deserialize_nonstreaming_with_config(&response(body), &ConfigBag::base()).unwrap();
        output.downcast::<QueryOutput>().unwrap().into()
    }

    #[test]
    fn response_is_read_as_the_sdk_reads_it() {
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
            json!({"Items": [
                {"sk": {"S": "NOTE#1"}},
                {"note": {"S": "no key"}},
                {"sk": {"S": "NOTE#2"}, "expiresAt": {"S": "1"}},
            ]}),
            json!({
                "Items": [item(json!({"S": "a"}))],
                "LastEvaluatedKey": {"pk": {"S": "SESSION#s"}, "sk": {"S": "NOTE#9"}},
            }),
            json!({"Items": [], "LastEvaluatedKey": {}, "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5}}),
        ]);
        for body in bodies {
            assert_eq!(
                NotesQuery::read_response(&response(&body), &ConfigBag::base()),
                Some(read_by_sdk(&body)),
                "{body}"
            );
        }
    }

    #[test]
    fn malformed_response_is_not_read() {
        for body in [json!([]), json!({"Items": {}}), json!({"Items": [1]}), json!({"Items": [{"sk": "NOTE#1"}]})] {
            assert_eq!(NotesQuery::read_response(&response(&body), &ConfigBag::base()), None, "{body}");
        }
    }
}
