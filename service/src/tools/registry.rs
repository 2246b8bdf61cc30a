//! The tools of a server, by name and in the order in which clients see them.

use std::{any::type_name, collections::HashMap, future::Future, pin::Pin};

use serde_json::{Map, Value};

use super::{
    arguments, context::Context, definition::Definition, error::ToolError, normalize::InputSchema, output::ToolOutput,
    output::Wrapped, schema, tool::Tool,
};
use crate::{config::Limits, principal::Access};

/// The longest name. Clients reject longer ones.
const MAX_NAME_BYTES: usize = 64;

/// The number of tools up to which an error names them all.
const MAX_NAMED: usize = 24;

type Output = Result<Box<dyn ToolOutput>, ToolError>;

/// Parses arguments and begins the call.
type Call = fn(Context, Map<String, Value>) -> Result<Pin<Box<dyn Future<Output = Output> + Send>>, ToolError>;

/// The tools of a server.
#[derive(Debug)]
pub struct Registry {
    limits: Limits,
    tools: Vec<Registered>,
    places: HashMap<&'static str, usize>,
}

/// A tool on its way to a registry.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    pub(crate) name: &'static str,
    pub(crate) access: Access,
    add: fn(&mut Registry) -> Result<(), RegistryError>,
}

impl Registration {
    /// Returns the registration of a tool.
    pub const fn of<T: Tool>() -> Self {
        Self { name: T::NAME, access: T::EFFECT.required_access(), add: Registry::add::<T> }
    }
}

/// A registered tool.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(super) definition: Definition,
    pub(super) schema: InputSchema,
    pub(super) call: Call,
    /// The call needs its arguments after they were parsed.
    pub(super) keeps_arguments: bool,
    type_name: &'static str,
}

/// The reasons for which a tool, a resource or a prompt cannot be registered.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RegistryError {
    /// Two tools have the same name.
    #[error("two tools are named `{name}`: {first} and {second}; rename one of them")]
    Duplicate {
        /// The name.
        name: &'static str,
        /// The type that was registered first.
        first: &'static str,
        /// The type that was registered second.
        second: &'static str,
    },
    /// A name that clients reject.
    #[error("invalid tool name \"{name}\" of {of}: expected 1 to {MAX_NAME_BYTES} of A-Z, a-z, 0-9, `_` and `-`")]
    InvalidName {
        /// The name.
        name: &'static str,
        /// The tool's type.
        of: &'static str,
    },
    /// A tool without a doc comment.
    #[error("the tool `{name}` has no description for models; write a doc comment on {of}")]
    NoDescription {
        /// The name.
        name: &'static str,
        /// The tool's type.
        of: &'static str,
    },
    /// A template of resources that this server cannot match.
    #[error(
        "invalid URI template \"{0}\": expected text with `{{name}}` or `{{+name}}`, such as `shop://carts/{{id}}`"
    )]
    InvalidTemplate(String),
    /// Two resources have the same URI.
    #[error("two resources have the URI {0}; change one of them")]
    DuplicateResource(String),
    /// Two prompts have the same name.
    #[error("two prompts are named `{0}`; rename one of them")]
    DuplicatePrompt(String),
    /// Arguments that are not an object.
    #[error("invalid arguments of the tool `{name}`: expected a struct with named fields, such as `struct {of} {{}}`")]
    InvalidArguments {
        /// The name.
        name: &'static str,
        /// The tool's type.
        of: &'static str,
    },
}

impl Registry {
    /// Registers tools. Descriptions state the limits.
    ///
    /// # Errors
    /// [`RegistryError`] if a name is taken or invalid, a tool has no description, or its arguments are not an object.
    pub fn new<'a>(limits: &Limits, tools: impl IntoIterator<Item = &'a Registration>) -> Result<Self, RegistryError> {
        let mut registry = Self { limits: limits.clone(), tools: Vec::new(), places: HashMap::new() };
        tools.into_iter().try_for_each(|tool| (tool.add)(&mut registry))?;
        Ok(registry)
    }

    fn add<T: Tool>(&mut self) -> Result<(), RegistryError> {
        let (name, of) = (T::NAME, type_name::<T>());
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_valid) {
            return Err(RegistryError::InvalidName { name, of });
        }
        if let Some(first) = self.get(name) {
            return Err(RegistryError::Duplicate { name, first: first.type_name, second: of });
        }
        let definition = T::definition(&self.limits);
        if definition.description.trim().is_empty() {
            return Err(RegistryError::NoDescription { name, of });
        }
        if definition.input["type"] != "object" {
            let of = of.rsplit("::").next().unwrap_or(of);
            return Err(RegistryError::InvalidArguments { name, of });
        }
        self.places.insert(name, self.tools.len());
        self.tools.push(Registered {
            schema: InputSchema::new(name, &definition.input),
            call: if schema::is_wrapped::<T::Output>() { call::<T, true> } else { call::<T, false> },
            keeps_arguments: T::KEEPS_ARGUMENTS,
            type_name: of,
            definition,
        });
        Ok(())
    }

    /// Returns the definitions, in the order of registration.
    pub fn definitions(&self) -> impl ExactSizeIterator<Item = &Definition> {
        self.tools.iter().map(|tool| &tool.definition)
    }

    /// Returns the access that a caller of `tool` needs, or `None` for an unknown tool.
    pub fn required_access(&self, tool: &str) -> Option<Access> {
        self.get(tool).map(|tool| tool.definition.effect.required_access())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Registered> {
        self.places.get(name).map(|place| &self.tools[*place])
    }

    /// Returns the tools that an error about an unknown name proposes.
    pub(super) fn alternatives(&self) -> String {
        if self.tools.len() > MAX_NAMED {
            return format!("the list of tools has all {} names", self.tools.len());
        }
        let names = list(self.definitions().map(|tool| tool.name), "or");
        names.map_or_else(|| "this server has no tools".to_owned(), |names| format!("use {names}"))
    }
}

/// Joins names as a sentence does. Returns `None` for none.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>, conjunction: &str) -> Option<String> {
    let names: Vec<&str> = names.collect();
    match names.split_last()? {
        (last, []) => Some((*last).to_owned()),
        (last, first) => Some(format!("{} {conjunction} {last}", first.join(", "))),
    }
}

fn call<T: Tool, const WRAPPED: bool>(
    context: Context,
    arguments: Map<String, Value>,
) -> Result<Pin<Box<dyn Future<Output = Output> + Send>>, ToolError> {
    let tool: T = arguments::parse(T::NAME, arguments)?;
    Ok(Box::pin(async move {
        let output = T::render(tool.call(&context).await?)?;
        Ok(if WRAPPED { Box::new(Wrapped(output)) } else { output })
    }))
}
