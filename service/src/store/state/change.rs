//! One conditional update of an item, for a request of its own or for a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update},
};

use super::Scope;
use crate::store::{
    StoreError,
    item::{Item, key, number},
    keys::EXPIRES_AT,
};

/// An update that sets and removes single attributes, so that those of a newer binary survive it.
#[derive(Debug)]
pub(super) struct Change {
    key: Item,
    sets: Vec<String>,
    removes: Vec<String>,
    adds: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    /// The size of the item, as far as it counts towards a transaction.
    pub(super) bytes: usize,
}

impl Change {
    pub(super) fn new(scope: &Scope, sk: String) -> Self {
        let bytes = scope.pk().len() + sk.len();
        let (sets, removes, adds, conditions, names, values) = Default::default();
        Self { key: key(scope.pk().to_owned(), sk), sets, removes, adds, conditions, names, values, bytes }
    }

    /// Defines a placeholder. Attributes have placeholders because many short words are reserved.
    pub(super) fn name(&mut self, placeholder: &str, attribute: &str) {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
    }

    pub(super) fn value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }

    /// Adds a condition to those that must hold.
    pub(super) fn require(&mut self, condition: &str) {
        self.conditions.push(format!("({condition})"));
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, attribute: &str, value: AttributeValue) {
        self.set_to(attribute, &format!(":{attribute}"));
        self.value(&format!(":{attribute}"), value);
    }

    /// Sets an attribute to an expression.
    pub(super) fn set_to(&mut self, attribute: &str, expression: &str) {
        self.name(&format!("#{attribute}"), attribute);
        self.sets.push(format!("#{attribute} = {expression}"));
    }

    pub(super) fn remove(&mut self, attribute: &str) {
        self.name(&format!("#{attribute}"), attribute);
        self.removes.push(format!("#{attribute}"));
    }

    /// Adds a number to an attribute.
    pub(super) fn add(&mut self, attribute: &str, add: i64) {
        self.name(&format!("#{attribute}"), attribute);
        self.adds.push(format!("#{attribute} :add"));
        self.value(":add", AttributeValue::N(add.to_string()));
    }

    /// Sets the item's expiry, or removes that of the tombstone it was.
    pub(super) fn expire_at(&mut self, expires_at: Option<u64>) {
        match expires_at {
            Some(at) => self.set(EXPIRES_AT, number(at)),
            None => self.remove(EXPIRES_AT),
        }
    }

    fn update_expression(&self) -> String {
        let clauses = [("SET", &self.sets), ("REMOVE", &self.removes), ("ADD", &self.adds)];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }

    /// Builds a request of its own. A failed condition returns the item.
    pub(super) fn request(&self, client: &Client, table: &str) -> UpdateItemFluentBuilder {
        client
            .update_item()
            .table_name(table)
            .set_key(Some(self.key.clone()))
            .update_expression(self.update_expression())
            .condition_expression(self.conditions.join(" AND "))
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(Some(self.values.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Builds a part of a transaction. A failed condition returns the item.
    pub(super) fn part(&self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(self.key.clone()))
            .update_expression(self.update_expression())
            .condition_expression(self.conditions.join(" AND "))
            .set_expression_attribute_names(Some(self.names.clone()))
            .set_expression_attribute_values(Some(self.values.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // All required fields are set, so a builder's error would be a defect of this function.
        Ok(TransactWriteItem::builder().update(update.build().map_err(|_| StoreError::Failed)?).build())
    }
}
