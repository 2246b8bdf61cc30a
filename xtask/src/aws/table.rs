//! A DynamoDB table as the deployer sees it: whether it is there, what it holds, and its end.
//!
//! Knows nothing of sessions and notes; those are `data`'s.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::delete_table::DeleteTableError,
    types::{AttributeValue, PutRequest, TableStatus, WriteRequest},
};

use super::{Account, sdk, tags::Tags};

/// An item, by its attributes' names.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// What one BatchWriteItem takes.
const BATCH: usize = 25;
/// Rounds in which a table takes none of a batch, each after twice the wait of the one before: half a minute in all.
const ROUNDS: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// A table, which may or may not be there.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: Client,
    name: String,
}

/// What DynamoDB says about a table. The numbers are up to six hours old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) arn: String,
    pub(crate) status: TableStatus,
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    pub(crate) deletion_protection: bool,
}

/// How much of each item a scan returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Keys,
    Whole,
}

/// A page of a scan.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<Item>,
}

impl Description {
    /// It can be read and written to.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.status, TableStatus::Active | TableStatus::Updating)
    }
}

impl Table {
    pub(crate) fn of(account: &Account, name: &str) -> Self {
        Self::with_client(Client::new(account.config()), name)
    }

    pub(crate) fn with_client(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What there is to say about the table, if it is there.
    pub(crate) async fn describe(&self) -> anyhow::Result<Option<Description>> {
        let table = match self.client.describe_table().table_name(&self.name).send().await {
            Ok(answer) => answer.table.with_context(|| format!("DynamoDB did not describe the table {}", self.name))?,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failed("cannot look at", "DescribeTable", error)),
        };
        Ok(Some(Description {
            arn: table.table_arn.unwrap_or_default(),
            status: table.table_status.unwrap_or_else(|| TableStatus::from("unknown")),
            items: table.item_count.unwrap_or_default().try_into().unwrap_or_default(),
            bytes: table.table_size_bytes.unwrap_or_default().try_into().unwrap_or_default(),
            deletion_protection: table.deletion_protection_enabled.unwrap_or_default(),
        }))
    }

    /// The tags of the table with this ARN; none if it has gone meanwhile.
    pub(crate) async fn tags(&self, arn: &str) -> anyhow::Result<Tags> {
        let mut tags = Tags::new();
        let mut token = None;
        loop {
            let request = self.client.list_tags_of_resource().resource_arn(arn).set_next_token(token);
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                    return Ok(Tags::new());
                }
                Err(error) => return Err(self.failed("cannot read the tags of", "ListTagsOfResource", error)),
            };
            tags.extend(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
            token = answer.next_token;
            if token.is_none() {
                return Ok(tags);
            }
        }
    }

    /// A page of all items, from the first or from where the page before ended. What was written before the call is in it.
    pub(crate) async fn scan(&self, from: Option<Item>, part: Part) -> anyhow::Result<Page> {
        let keys = (part == Part::Keys).then(|| "pk, sk".to_owned());
        let request = self.client.scan().table_name(&self.name).consistent_read(true).set_exclusive_start_key(from);
        match request.set_projection_expression(keys).send().await {
            Ok(answer) => Ok(Page { items: answer.items.unwrap_or_default(), next: answer.last_evaluated_key }),
            Err(error) => Err(self.failed("cannot read", "Scan", error)),
        }
    }

    /// Writes items, each in place of the one with its key. No two may have the same key.
    pub(crate) async fn write(&self, items: Vec<Item>) -> anyhow::Result<()> {
        let mut items = items.into_iter();
        loop {
            let batch: Vec<Item> = items.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.write_batch(batch).await?;
        }
    }

    /// Writes what one request takes. What a busy table gives back is sent again.
    async fn write_batch(&self, batch: Vec<Item>) -> anyhow::Result<()> {
        let put =
            |item| Ok(WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(item)).build()?).build());
        let requests: anyhow::Result<Vec<WriteRequest>> = batch.into_iter().map(put).collect();
        let mut open = requests.with_context(|| format!("cannot write to the table {}", self.name))?;
        let mut round = 0;
        loop {
            let sent = open.len();
            let request = self.client.batch_write_item().request_items(&self.name, open);
            let answer =
                request.send().await.map_err(|error| self.failed("cannot write to", "BatchWriteItem", error))?;
            open = answer.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
            if open.is_empty() {
                return Ok(());
            }
            // As long as it takes some, it is only busy.
            round = if open.len() < sent { 0 } else { round + 1 };
            if round == ROUNDS {
                return Err(anyhow!("the table {} takes no more: {} items were given back", self.name, open.len()));
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(round)).await;
        }
    }

    /// Asks for the table to be deleted; one that is not there, or is being deleted, is as good as deleted.
    pub(crate) async fn delete(&self) -> anyhow::Result<()> {
        match self.client.delete_table().table_name(&self.name).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(is_going) => Ok(()),
            Err(error) => Err(self.failed("cannot delete", "DeleteTable", error)),
        }
    }

    fn failed<E>(&self, what: &str, operation: &str, error: SdkError<E, HttpResponse>) -> anyhow::Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        sdk::failed(operation, error).context(format!("{what} the table {}", self.name))
    }
}

fn is_going(error: &DeleteTableError) -> bool {
    error.is_resource_not_found_exception() || error.is_resource_in_use_exception()
}
