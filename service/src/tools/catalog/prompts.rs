//! Prompts: messages that a client's user picks by name.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use rmcp::model::{GetPromptResult, Prompt};
use serde_json::{Map, Value};

use crate::{
    json::type_name,
    tools::{Context, RegistryError, ToolError},
};

/// The arguments of a prompt. MCP has texts only.
pub type PromptArguments = BTreeMap<String, String>;

type Get = Box<dyn Fn(Context, PromptArguments) -> Getting + Send + Sync>;
pub(crate) type Getting = Pin<Box<dyn Future<Output = Result<GetPromptResult, ToolError>> + Send>>;

/// The prompts of a server.
#[derive(Default)]
pub(crate) struct Prompts(Vec<(Prompt, Get)>);

impl Prompts {
    pub(crate) fn add<F, Fut>(&mut self, prompt: Prompt, get: F)
    where
        F: Fn(Context, PromptArguments) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<GetPromptResult, ToolError>> + Send + 'static,
    {
        self.0.push((prompt, Box::new(move |cx, arguments| Box::pin(get(cx, arguments)))));
    }

    /// Checks that every name is that of one prompt.
    pub(super) fn check(&self) -> Result<(), RegistryError> {
        let names: Vec<&str> = self.0.iter().map(|(prompt, _)| prompt.name.as_str()).collect();
        super::duplicate(&names).map_or(Ok(()), |name| Err(RegistryError::DuplicatePrompt(name.to_owned())))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn list(&self) -> Vec<Prompt> {
        self.0.iter().map(|(prompt, _)| prompt.clone()).collect()
    }

    /// Returns the names of all prompts.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(prompt, _)| prompt.name.as_str())
    }

    /// Begins to make the messages of a prompt. Returns `None` for an unknown name.
    pub(crate) fn get(&self, cx: Context, name: &str, given: Map<String, Value>) -> Option<Result<Getting, ToolError>> {
        let (prompt, get) = self.0.iter().find(|(prompt, _)| prompt.name == name)?;
        Some(parse(prompt, given).map(|arguments| get(cx, arguments)))
    }
}

/// Checks the arguments of a prompt. Null stands for an argument that is not given.
fn parse(prompt: &Prompt, given: Map<String, Value>) -> Result<PromptArguments, ToolError> {
    let mut arguments = PromptArguments::new();
    for (argument, value) in given {
        match value {
            Value::String(text) => drop(arguments.insert(argument, text)),
            Value::Null => {}
            other => {
                let (got, name) = (type_name(&other), &prompt.name);
                return Err(ToolError::Invalid(format!("`{argument}` of {name} must be a string, not {got}")));
            }
        }
    }
    let required = prompt.arguments.iter().flatten().filter(|argument| argument.required == Some(true));
    match required.into_iter().find(|argument| !arguments.contains_key(&argument.name)) {
        Some(missing) => {
            let (missing, name) = (&missing.name, &prompt.name);
            Err(ToolError::Invalid(format!("`{missing}` is missing; {name} requires it as a string")))
        }
        None => Ok(arguments),
    }
}

impl fmt::Debug for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prompts({})", self.0.len())
    }
}
