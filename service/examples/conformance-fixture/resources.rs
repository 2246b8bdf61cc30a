//! The resources: a text, an image, and a template with one parameter.

use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::json;

use crate::samples::{PNG, PNG_TYPE};

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const TEMPLATE: &str = "test://template/{id}/data";

/// Returns the resources for the list.
pub(crate) fn all() -> Vec<Resource> {
    vec![
        Resource::new(TEXT, "static-text").with_description("A text.").with_mime_type("text/plain"),
        Resource::new(BINARY, "static-binary").with_description("An image.").with_mime_type(PNG_TYPE),
    ]
}

/// Returns the templates for the list.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = ResourceTemplate::new(TEMPLATE, "template").with_description("Data of an id.");
    vec![template.with_mime_type("application/json")]
}

/// Returns the contents of `uri`.
pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let contents = match uri {
        TEXT => ResourceContents::text("This is the content of the static text resource.", uri),
        BINARY => ResourceContents::blob(PNG, uri).with_mime_type(PNG_TYPE),
        _ => from_template(uri)?,
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

fn from_template(uri: &str) -> Result<ResourceContents, ErrorData> {
    let id = TEMPLATE.split_once("{id}").and_then(|(head, tail)| uri.strip_prefix(head)?.strip_suffix(tail));
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Err(ErrorData::invalid_params("Resource not found", Some(json!({"uri": uri}))));
    };
    let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
    Ok(ResourceContents::text(data.to_string(), uri).with_mime_type("application/json"))
}
