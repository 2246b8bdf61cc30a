//! Writes sessions into the store, in batches, as if the service had written them long ago.

use std::error::Error;

use bench_load::work::note;
use mcp_stateful::store::embedded::Engine;
use serde_json::{Value, json};

use crate::seed::{TABLE, run};

/// BatchWriteItem's limit. A batch is one transaction of the engine.
const BATCH: usize = 25;
/// Time of the first note, in milliseconds since 1970: before all notes that the service will write.
const BEGAN_MS: usize = 1_700_000_000_000;

/// The notes `from..to`, numbered through all sessions. The first note of a session comes with the session's own item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Number of notes in each session `grown-<number>`.
    pub(crate) notes_each: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

pub(crate) fn fill(engine: &Engine, part: Part) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut items = (part.from..part.to).flat_map(|number| items(number, part.notes_each)).peekable();
    while items.peek().is_some() {
        let puts: Vec<Value> = items.by_ref().take(BATCH).map(|item| json!({"PutRequest": {"Item": item}})).collect();
        run(engine, "BatchWriteItem", &json!({"RequestItems": {TABLE: puts}}))?;
    }
    Ok(())
}

/// Builds a note's item, preceded by the session's item for the first note.
fn items(number: usize, notes_each: usize) -> impl Iterator<Item = Value> {
    let (session, nth) = (number / notes_each, number % notes_each);
    let pk = format!("SESSION#grown-{session}");
    let written_ms = BEGAN_MS + nth;
    let seconds = (written_ms / 1000).to_string();
    let own = (nth == 0).then(|| {
        json!({
            "pk": {"S": pk}, "sk": {"S": "META"}, "userId": {"S": "default"},
            "createdAt": {"N": seconds}, "lastActive": {"N": seconds},
        })
    });
    // A UUIDv7 in which only the time varies.
    let (high, low) = (written_ms >> 16, written_ms & 0xffff);
    let item = json!({
        "pk": {"S": pk}, "sk": {"S": format!("NOTE#v2#{high:08x}-{low:04x}-7000-8000-000000000000")},
        "note": {"S": note(nth)}, "ts": {"N": seconds},
    });
    own.into_iter().chain([item])
}

#[cfg(test)]
mod tests {
    use mcp_stateful::store::embedded::IN_MEMORY;

    use super::*;
    use crate::seed::seed;

    #[test]
    fn parts_join_into_ordered_sessions() {
        let engine = Engine::open(IN_MEMORY.as_ref()).unwrap();
        seed(&engine).unwrap();
        for (from, to) in [(0, 70), (70, 90)] {
            fill(&engine, Part { notes_each: 30, from, to }).unwrap();
        }
        for session in 0..3 {
            let query = json!({
                "TableName": TABLE, "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": format!("SESSION#grown-{session}")}},
            });
            let found: Value = serde_json::from_str(&engine.dispatch("Query", &query.to_string()).unwrap()).unwrap();
            let notes: Vec<&str> =
                found["Items"].as_array().unwrap().iter().filter_map(|item| item["note"]["S"].as_str()).collect();
            assert_eq!(found["Items"][0]["sk"]["S"], "META");
            assert_eq!(notes, (0..30).map(note).collect::<Vec<_>>());
        }
    }
}
