//! Everything that clients see of a server: its identity, its instructions for models, its tools, resources and
//! prompts.

mod instructions;
mod prompts;
mod resources;
mod template;

use crate::{
    config::Limits,
    tools::{BUILT_IN, Data, Registration, Registry, RegistryError},
};

pub use prompts::PromptArguments;
pub(crate) use prompts::Prompts;
pub use resources::ResourceRequest;
pub(crate) use resources::Resources;

/// The name and version that a server reports.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The name, for programs.
    pub name: String,
    /// The version of the binary.
    pub version: String,
    /// The title, for people.
    pub title: Option<String>,
    /// A sentence about the server.
    pub description: Option<String>,
}

impl Default for Identity {
    /// The identity of this crate's own binary.
    fn default() -> Self {
        Self {
            name: "mcp-stateful".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: Some("Stateful MCP server".to_owned()),
            description: None,
        }
    }
}

/// Everything that clients see of a server.
#[derive(Debug)]
pub struct Catalog {
    /// The name and version.
    pub identity: Identity,
    /// The tools.
    pub registry: Registry,
    /// The author's addition to the instructions for models.
    pub(crate) author_instructions: Option<String>,
    pub(crate) resources: Resources,
    pub(crate) prompts: Prompts,
    /// Every tool may send requests to private addresses.
    pub(crate) private_addresses: bool,
    /// The values for tools.
    pub(crate) data: Data,
}

impl Catalog {
    /// Creates the catalog of a server with `tools`.
    ///
    /// # Errors
    /// [`RegistryError`] if a tool cannot be registered.
    pub fn new<'a>(limits: &Limits, tools: impl IntoIterator<Item = &'a Registration>) -> Result<Self, RegistryError> {
        Ok(Self {
            identity: Identity::default(),
            registry: Registry::new(limits, tools)?,
            author_instructions: None,
            resources: Resources::default(),
            prompts: Prompts::default(),
            private_addresses: false,
            data: Data::default(),
        })
    }

    /// Adds resources and prompts.
    ///
    /// # Errors
    /// [`RegistryError`] if a template is invalid, or two of them have the same URI or name.
    pub(crate) fn offer(&mut self, resources: Resources, prompts: Prompts) -> Result<(), RegistryError> {
        resources.check()?;
        prompts.check()?;
        (self.resources, self.prompts) = (resources, prompts);
        Ok(())
    }

    /// Creates the catalog of a server with the built-in tools.
    ///
    /// # Errors
    /// [`RegistryError`] if two of them have the same name.
    pub fn built_in(limits: &Limits) -> Result<Self, RegistryError> {
        Self::new(limits, BUILT_IN)
    }
}

/// Returns a text that occurs twice.
fn duplicate<'a>(texts: &[&'a str]) -> Option<&'a str> {
    texts.iter().enumerate().find(|(place, text)| texts[..*place].contains(text)).map(|(_, text)| *text)
}
