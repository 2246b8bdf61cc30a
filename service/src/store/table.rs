//! Creates the table and checks that it responds.

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
    observe::classified,
};

/// The interval and the number of checks for a new table to become active: 60 s in total.
const ACTIVE_POLL: (Duration, u32) = (Duration::from_millis(500), 120);

impl Store {
    /// Creates the table (on-demand, TTL on `expiresAt`) if it does not exist. Returns true if this call created it.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails; [`StoreError::Unreachable`] if the table is not active after 60 s.
    pub async fn create_table(&self) -> Result<bool, StoreError> {
        let created = match self.table_is_active().await {
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
        Ok(created)
    }

    /// Reads one item that never exists, within `timeout`. This proves that the table responds and needs no permission
    /// beyond those of the tools.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. After the timeout, it is the kind of the last attempt's rejection.
    pub async fn ping(&self, timeout: Duration) -> Result<(), StoreError> {
        if self.local.as_ref().is_some_and(|local| local.is_damaged()) {
            return Err(StoreError::Damaged);
        }
        let request = self.client.get_item().table_name(self.table());
        let key = || AttributeValue::S("READY".to_owned());
        let timeouts = TimeoutConfig::builder().operation_timeout(timeout).operation_attempt_timeout(timeout).build();
        let config = Config::builder().timeout_config(timeouts);
        classified(request.key(PK, key()).key(SK, key()).customize().config_override(config).send()).await?;
        Ok(())
    }

    async fn table_is_active(&self) -> Result<bool, StoreError> {
        match self.client.describe_table().table_name(self.table()).send().await {
            Ok(output) => Ok(output.table.and_then(|table| table.table_status) == Some(TableStatus::Active)),
            // This error is expected, so it is not logged as a warning.
            Err(error) if error.code() == Some("ResourceNotFoundException") => Err(StoreError::TableMissing),
            Err(error) => Err(error.into()),
        }
    }

    async fn request_table(&self) -> Result<(), StoreError> {
        let mut request = self.client.create_table().table_name(self.table()).billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in [(PK, KeyType::Hash), (SK, KeyType::Range)] {
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            // Both have all required fields, so a builder's error would be a defect of this function.
            request = request
                .attribute_definitions(definition.build().map_err(|_| StoreError::Failed)?)
                .key_schema(key.build().map_err(|_| StoreError::Failed)?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            // Another replica created the table first.
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
        let status = classified(request.send()).await?.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
        if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
            return Ok(());
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES_AT);
        let ttl = ttl.build().map_err(|_| StoreError::Failed)?;
        let request = self.client.update_time_to_live().table_name(self.table()).time_to_live_specification(ttl);
        classified(request.send()).await?;
        Ok(())
    }
}

/// Maps a missing table to "not active yet": right after CreateTable, DescribeTable may not find it.
fn missing_is_not_yet(error: StoreError) -> Result<bool, StoreError> {
    if error == StoreError::TableMissing { Ok(false) } else { Err(error) }
}
