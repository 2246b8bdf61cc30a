//! Resources: what a server offers to read, at fixed URIs and at those of templates.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use rmcp::model::{Resource, ResourceContents, ResourceTemplate};

use super::template::UriTemplate;
use crate::tools::{Context, RegistryError, ToolError};

/// A request to read a resource.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResourceRequest {
    /// The requested URI.
    pub uri: String,
    /// The decoded variables of a template.
    pub variables: BTreeMap<String, String>,
}

impl ResourceRequest {
    /// Returns a variable of the template, or the empty text if the template has none of this name.
    pub fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Returns the contents of a resource that is one text.
    pub fn text(&self, text: impl Into<String>) -> Vec<ResourceContents> {
        vec![ResourceContents::text(text, &self.uri)]
    }
}

type Read = Box<dyn Fn(Context, ResourceRequest) -> Reading + Send + Sync>;
pub(crate) type Reading = Pin<Box<dyn Future<Output = Result<Vec<ResourceContents>, ToolError>> + Send>>;

/// The resources of a server.
#[derive(Default)]
pub(crate) struct Resources {
    fixed: Vec<(Resource, Read)>,
    templates: Vec<(ResourceTemplate, Option<UriTemplate>, Read)>,
}

impl Resources {
    pub(crate) fn add<F, Fut>(&mut self, resource: Resource, read: F)
    where
        F: Fn(Context, ResourceRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<ResourceContents>, ToolError>> + Send + 'static,
    {
        self.fixed.push((resource, Box::new(move |cx, request| Box::pin(read(cx, request)))));
    }

    pub(crate) fn add_template<F, Fut>(&mut self, template: ResourceTemplate, read: F)
    where
        F: Fn(Context, ResourceRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<ResourceContents>, ToolError>> + Send + 'static,
    {
        let parsed = UriTemplate::parse(&template.uri_template);
        self.templates.push((template, parsed, Box::new(move |cx, request| Box::pin(read(cx, request)))));
    }

    /// Checks that every template is valid and every URI is that of one resource.
    pub(super) fn check(&self) -> Result<(), RegistryError> {
        if let Some((template, ..)) = self.templates.iter().find(|(_, parsed, _)| parsed.is_none()) {
            return Err(RegistryError::InvalidTemplate(template.uri_template.clone()));
        }
        let uris: Vec<&str> = self.fixed.iter().map(|(resource, _)| resource.uri.as_str()).collect();
        super::duplicate(&uris).map_or(Ok(()), |uri| Err(RegistryError::DuplicateResource(uri.to_owned())))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.templates.is_empty()
    }

    pub(crate) fn list(&self) -> Vec<Resource> {
        self.fixed.iter().map(|(resource, _)| resource.clone()).collect()
    }

    pub(crate) fn templates(&self) -> Vec<ResourceTemplate> {
        self.templates.iter().map(|(template, ..)| template.clone()).collect()
    }

    /// Begins to read the resource at `uri`, and returns the type of its contents. A fixed URI wins over a
    /// template, and an earlier template over a later one.
    pub(crate) fn read(&self, cx: Context, uri: &str) -> Option<(Reading, Option<String>)> {
        let request = |variables| ResourceRequest { uri: uri.to_owned(), variables };
        if let Some((resource, read)) = self.fixed.iter().find(|(resource, _)| resource.uri == uri) {
            return Some((read(cx, request(BTreeMap::new())), resource.mime_type.clone()));
        }
        self.templates.iter().find_map(|(template, parsed, read)| {
            let variables = parsed.as_ref()?.variables(uri)?;
            Some((read(cx.clone(), request(variables)), template.mime_type.clone()))
        })
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resources({} and {} templates)", self.fixed.len(), self.templates.len())
    }
}
