//! The batches of a stdio client that wait for responses. rmcp serves their requests one by one, and the client gets
//! all responses of a batch as one array.

use rmcp::model::RequestId;
use serde_json::Value;

use crate::mcp::batch::Batch;

/// The batches that wait for responses.
#[derive(Debug, Default)]
pub(super) struct PendingBatches(Vec<Pending>);

#[derive(Debug)]
struct Pending {
    waiting: Vec<RequestId>,
    batch: Batch,
}

impl PendingBatches {
    /// Adds a batch that waits for the responses to `requests`. Returns its array if it waits for none.
    pub(super) fn add(&mut self, batch: Batch, requests: Vec<RequestId>) -> Option<Vec<u8>> {
        if requests.is_empty() {
            return batch.into_text();
        }
        self.0.push(Pending { waiting: requests, batch });
        None
    }

    /// Returns whether a batch waits for the response to a request.
    pub(super) fn contains(&self, id: &RequestId) -> bool {
        self.0.iter().any(|pending| pending.waiting.contains(id))
    }

    /// Adds a response, or none for a cancelled request, to the batch that waits for it. Returns the batch's array with
    /// its last response.
    pub(super) fn complete(&mut self, id: &RequestId, response: Option<&Value>) -> Option<Vec<u8>> {
        let found = self.0.iter_mut().enumerate().find_map(|(index, pending)| {
            let place = pending.waiting.iter().position(|waiting| waiting == id)?;
            pending.waiting.remove(place);
            response.into_iter().for_each(|response| pending.batch.push(response));
            Some((index, pending.waiting.is_empty()))
        });
        match found {
            Some((index, true)) => self.0.remove(index).batch.into_text(),
            _ => None,
        }
    }
}
