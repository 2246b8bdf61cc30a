//! A DynamoDB table: describes, scans, writes and deletes it.
//!
//! Must not know sessions and notes; `data` does.

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

/// An item: its attributes by their names.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The number of items that one BatchWriteItem takes.
const BATCH: usize = 25;
/// Attempts in a row that a throttled table may reject completely. Each waits twice as long as the last, 25 s in all.
const MAX_FUTILE_ATTEMPTS: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// A table by its name. It need not exist.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: Client,
    name: String,
}

/// A table's description. DynamoDB updates its counts every six hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) arn: String,
    pub(crate) status: TableStatus,
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    pub(crate) deletion_protection: bool,
}

/// The attributes that a scan returns of each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Keys,
    Whole,
}

/// A page of a scan.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// The key after which the next page begins. `None` on the last page.
    pub(crate) next: Option<Item>,
}

impl Description {
    /// Returns whether the table can be read and written.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.status, TableStatus::Active | TableStatus::Updating)
    }
}

impl Table {
    pub(crate) fn new(account: &Account, name: &str) -> Self {
        Self::with_client(Client::new(account.config()), name)
    }

    /// Uses a client that leads elsewhere, such as to the embedded store.
    pub(crate) fn with_client(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the table's description, if the table exists.
    pub(crate) async fn describe(&self) -> anyhow::Result<Option<Description>> {
        let table = match self.client.describe_table().table_name(&self.name).send().await {
            Ok(response) => response
                .table
                .with_context(|| format!("DynamoDB returned no description of the table {}", self.name))?,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failed("cannot describe", "DescribeTable", error)),
        };
        Ok(Some(Description {
            arn: table.table_arn.unwrap_or_default(),
            status: table.table_status.unwrap_or_else(|| TableStatus::from("unknown")),
            items: table.item_count.unwrap_or_default().try_into().unwrap_or_default(),
            bytes: table.table_size_bytes.unwrap_or_default().try_into().unwrap_or_default(),
            deletion_protection: table.deletion_protection_enabled.unwrap_or_default(),
        }))
    }

    /// Returns the tags of the table, whose ARN is `arn`. Empty if the table was deleted meanwhile.
    pub(crate) async fn tags(&self, arn: &str) -> anyhow::Result<Tags> {
        let mut tags = Tags::new();
        let mut token = None;
        loop {
            let request = self.client.list_tags_of_resource().resource_arn(arn).set_next_token(token);
            let response = match request.send().await {
                Ok(response) => response,
                Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                    return Ok(Tags::new());
                }
                Err(error) => return Err(self.failed("cannot read the tags of", "ListTagsOfResource", error)),
            };
            tags.extend(response.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
            token = response.next_token;
            if token.is_none() {
                return Ok(tags);
            }
        }
    }

    /// Returns a page of up to 1 MB of items, the first page or the one after `from`. Reads are strongly consistent.
    pub(crate) async fn scan(&self, from: Option<Item>, part: Part) -> anyhow::Result<Page> {
        let keys = (part == Part::Keys).then(|| "pk, sk".to_owned());
        let request = self.client.scan().table_name(&self.name).consistent_read(true).set_exclusive_start_key(from);
        match request.set_projection_expression(keys).send().await {
            Ok(response) => Ok(Page { items: response.items.unwrap_or_default(), next: response.last_evaluated_key }),
            Err(error) => Err(self.failed("cannot read", "Scan", error)),
        }
    }

    /// Writes items, replacing those with the same keys. No two of `items` may have the same key.
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

    /// Writes one request's items. Items that a throttled table leaves unprocessed are sent again.
    async fn write_batch(&self, batch: Vec<Item>) -> anyhow::Result<()> {
        let put =
            |item| Ok(WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(item)).build()?).build());
        let requests: anyhow::Result<Vec<WriteRequest>> = batch.into_iter().map(put).collect();
        let mut unprocessed = requests.with_context(|| format!("cannot write to the table {}", self.name))?;
        let mut futile = 0;
        loop {
            let sent = unprocessed.len();
            let request = self.client.batch_write_item().request_items(&self.name, unprocessed);
            let response =
                request.send().await.map_err(|error| self.failed("cannot write to", "BatchWriteItem", error))?;
            unprocessed = response.unprocessed_items.unwrap_or_default().remove(&self.name).unwrap_or_default();
            if unprocessed.is_empty() {
                return Ok(());
            }
            // Progress resets the count: a table that takes some items is only throttled.
            futile = if unprocessed.len() < sent { 0 } else { futile + 1 };
            if futile == MAX_FUTILE_ATTEMPTS {
                return Err(anyhow!(
                    "the table {} is throttled: it left {} items unprocessed",
                    self.name,
                    unprocessed.len()
                ));
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(futile)).await;
        }
    }

    /// Starts the table's deletion. Succeeds if the table does not exist or is being deleted.
    pub(crate) async fn delete(&self) -> anyhow::Result<()> {
        match self.client.delete_table().table_name(&self.name).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(is_deleted) => Ok(()),
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

fn is_deleted(error: &DeleteTableError) -> bool {
    error.is_resource_not_found_exception() || error.is_resource_in_use_exception()
}
