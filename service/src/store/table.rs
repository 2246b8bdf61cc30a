//! The table itself: its shape, made where it is missing, and whether it answers.

use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{Config, timeout::TimeoutConfig},
    error::ProvideErrorMetadata,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
        TimeToLiveSpecification, TimeToLiveStatus,
    },
};

use super::{
    Store, StoreError,
    keys::{EXPIRES_AT, PK, SK},
    observe::sent,
};

/// How often [`Store::create_table`] looks whether a new table is there, and how many times: 60 s in all.
const ACTIVE_POLL: (Duration, u32) = (Duration::from_millis(500), 120);

impl Store {
    /// Makes the table (on-demand, TTL on `expiresAt`) if it is not there. Answers whether it made one.
    ///
    /// # Errors
    /// A store that fails, or a table that is not active after 60 s ([`StoreError::Unreachable`]).
    pub async fn create_table(&self) -> Result<bool, StoreError> {
        let made = match self.table_is_active().await {
            Ok(true) => false,
            Ok(false) => self.wait_until_active().await.map(|()| false)?,
            Err(StoreError::TableMissing) => {
                self.request_table().await?;
                self.wait_until_active().await?;
                true
            }
            Err(other) => return Err(other),
        };
        self.enable_ttl().await?;
        Ok(made)
    }

    /// Reads one item that is never there, for as long as `patience`: proof that the table answers, with no permission that
    /// the tools don't need.
    ///
    /// # Errors
    /// As every call; what the last attempt was refused for, if it is patience that ends.
    pub async fn ping(&self, patience: Duration) -> Result<(), StoreError> {
        let request = self.client.get_item().table_name(self.table());
        let key = || AttributeValue::S("READY".to_owned());
        let timeouts = TimeoutConfig::builder().operation_timeout(patience).operation_attempt_timeout(patience).build();
        let hurried = Config::builder().timeout_config(timeouts);
        sent(request.key(PK, key()).key(SK, key()).customize().config_override(hurried).send()).await?;
        Ok(())
    }

    async fn table_is_active(&self) -> Result<bool, StoreError> {
        match self.client.describe_table().table_name(self.table()).send().await {
            Ok(answer) => Ok(answer.table.and_then(|table| table.table_status) == Some(TableStatus::Active)),
            // The one answer that is expected, and so not worth a warning in the log.
            Err(error) if error.code() == Some("ResourceNotFoundException") => Err(StoreError::TableMissing),
            Err(error) => Err(error.into()),
        }
    }

    async fn request_table(&self) -> Result<(), StoreError> {
        let mut request = self.client.create_table().table_name(self.table()).billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in [(PK, KeyType::Hash), (SK, KeyType::Range)] {
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            // Both were given what they require; a builder that refuses would be a defect of this function.
            request = request
                .attribute_definitions(definition.build().map_err(|_| StoreError::Failed)?)
                .key_schema(key.build().map_err(|_| StoreError::Failed)?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            // Somebody else was first: their table is as good.
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn wait_until_active(&self) -> Result<(), StoreError> {
        let (pause, tries) = ACTIVE_POLL;
        for _ in 0..tries {
            if self.table_is_active().await.or_else(missing_is_not_yet)? {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
        }
        Err(StoreError::Unreachable)
    }

    async fn enable_ttl(&self) -> Result<(), StoreError> {
        let request = self.client.describe_time_to_live().table_name(self.table());
        let status = sent(request.send()).await?.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
        if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
            return Ok(());
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES_AT);
        let ttl = ttl.build().map_err(|_| StoreError::Failed)?;
        let request = self.client.update_time_to_live().table_name(self.table()).time_to_live_specification(ttl);
        sent(request.send()).await?;
        Ok(())
    }
}

/// Right after CreateTable, DescribeTable may still not know the table.
fn missing_is_not_yet(error: StoreError) -> Result<bool, StoreError> {
    if error == StoreError::TableMissing { Ok(false) } else { Err(error) }
}
