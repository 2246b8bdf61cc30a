//! A complete server as a program: its tools, its command line, its process.

mod command;

use std::{fmt, future::Future, io, thread};

use rmcp::model::{GetPromptResult, Prompt, Resource, ResourceContents, ResourceTemplate};
use tokio::sync::oneshot;

use crate::{
    config::Limits,
    process,
    serve::ServeError,
    tools::{
        BUILT_IN, Context, Data, Registration, RegistryError, Tool, ToolError,
        catalog::{Catalog, Identity, PromptArguments, Prompts, ResourceRequest, Resources},
    },
};

/// A server with the built-in tools and those of its author.
///
/// It has the command line of `mcp-stateful`, with all flags, variables and commands:
///
/// ```no_run
/// use mcp_stateful::prelude::*;
/// # #[derive(Deserialize, JsonSchema)]
/// # /// Returns nothing.
/// # struct Ping {}
/// # impl Tool for Ping {
/// #     const NAME: &'static str = "ping";
/// #     const EFFECT: Effect = Effect::Reads;
/// #     type Output = ();
/// #     async fn call(self, _: &Context) -> Result<(), ToolError> { Ok(()) }
/// # }
///
/// #[tokio::main]
/// async fn main() -> Result<(), ServerError> {
///     Server::from_env()?
///         .name("ping-server")
///         .version(env!("CARGO_PKG_VERSION"))
///         .tool::<Ping>()
///         .run()
///         .await
/// }
/// ```
#[must_use = "a server does nothing until it runs"]
pub struct Server {
    identity: Identity,
    tools: Vec<Registration>,
    instructions: Option<String>,
    resources: Resources,
    prompts: Prompts,
    private_addresses: bool,
    data: Data,
}

/// An error that ends a server. `Debug` prints the text of `Display`, because Rust prints an error that `main` returns
/// that way.
#[derive(thiserror::Error)]
pub enum ServerError {
    /// A tool cannot be registered.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The server cannot serve.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The system provides no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A command failed.
    #[error("{0}")]
    Command(String),
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Server {
    /// Creates a server that takes its settings from the command line and the environment.
    ///
    /// [`run`](Self::run) reads them, because `--help` lists what is registered until then.
    ///
    /// # Errors
    /// None at present.
    pub fn from_env() -> Result<Self, ServerError> {
        Ok(Self {
            identity: Identity::default(),
            tools: BUILT_IN.to_vec(),
            instructions: None,
            resources: Resources::default(),
            prompts: Prompts::default(),
            private_addresses: false,
            data: Data::default(),
        })
    }

    /// Sets the name that `--help`, error messages and MCP clients show.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        // The title of the default identity belongs to its name.
        self.identity.title = None;
        self.identity.name = name.into();
        self
    }

    /// Sets the version, usually to `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.identity.version = version.into();
        self
    }

    /// Sets the title for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.identity.title = Some(title.into());
        self
    }

    /// Sets the description that `--help` and MCP clients show.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.identity.description = Some(description.into());
        self
    }

    /// Adds to the instructions for models. Those of the built-in tools come first.
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions = Some(text.into());
        self
    }

    /// Removes the built-in tools. [`tool`](Self::tool) registers single ones of them again.
    pub fn without_builtin_tools(mut self) -> Self {
        self.tools.retain(|tool| !BUILT_IN.iter().any(|built_in| built_in.name == tool.name));
        self
    }

    /// Registers a tool.
    pub fn tool<T: Tool>(mut self) -> Self {
        self.tools.push(Registration::of::<T>());
        self
    }

    /// Offers a resource at a fixed URI. `read` returns its contents.
    ///
    /// ```
    /// use mcp_stateful::{model::Resource, prelude::*};
    ///
    /// # fn main() -> Result<(), ServerError> {
    /// let terms = Resource::new("shop://terms", "terms").with_description("The terms of the shop.");
    /// let server = Server::from_env()?
    ///     .resource(terms, |_, request| async move { Ok(request.text("No returns.")) });
    /// # Ok(())
    /// # }
    /// ```
    pub fn resource<F, Fut>(mut self, resource: Resource, read: F) -> Self
    where
        F: Fn(Context, ResourceRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<ResourceContents>, ToolError>> + Send + 'static,
    {
        self.resources.add(resource, read);
        self
    }

    /// Offers resources at the URIs of a template: `{name}` stands for one segment of a path, `{+name}` for the rest.
    ///
    /// ```
    /// use mcp_stateful::{model::ResourceTemplate, prelude::*};
    ///
    /// # fn main() -> Result<(), ServerError> {
    /// let carts = ResourceTemplate::new("shop://carts/{session_id}", "cart");
    /// let server = Server::from_env()?.resource_template(carts, |cx, request| async move {
    ///     let session = cx.session(request.variable("session_id"))?;
    ///     Ok(request.text(format!("the cart of {}", session.id())))
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn resource_template<F, Fut>(mut self, template: ResourceTemplate, read: F) -> Self
    where
        F: Fn(Context, ResourceRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<ResourceContents>, ToolError>> + Send + 'static,
    {
        self.resources.add_template(template, read);
        self
    }

    /// Offers a prompt. `get` returns its messages.
    ///
    /// ```
    /// use mcp_stateful::{
    ///     model::{GetPromptResult, Prompt, PromptArgument, PromptMessage, Role},
    ///     prelude::*,
    /// };
    ///
    /// # fn main() -> Result<(), ServerError> {
    /// let topic = PromptArgument::new("topic").with_required(true);
    /// let prompt = Prompt::new("explain", Some("Explains a topic."), Some(vec![topic]));
    /// let server = Server::from_env()?.prompt(prompt, |_, arguments| async move {
    ///     let text = format!("Explain {} in one sentence.", arguments["topic"]);
    ///     Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]))
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn prompt<F, Fut>(mut self, prompt: Prompt, get: F) -> Self
    where
        F: Fn(Context, PromptArguments) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<GetPromptResult, ToolError>> + Send + 'static,
    {
        self.prompts.add(prompt, get);
        self
    }

    /// Gives a value to the tools, which get it by its type with [`Context::data`](crate::tools::Context::data).
    pub fn data<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.data.insert(value);
        self
    }

    /// Permits [`Context::http`] to reach private and loopback addresses, for a server whose tools all call services of
    /// its own network. Single requests can do so with
    /// [`with_private_addresses`](crate::tools::http_client::Http::with_private_addresses).
    pub fn allow_private_addresses(mut self) -> Self {
        self.private_addresses = true;
        self
    }

    /// Runs the command line until it is done: serves until SIGTERM, or runs a command such as `healthcheck`.
    ///
    /// The server runs on threads of its own, so the runtime of the caller stays free. Like an unknown flag, invalid
    /// settings end the process with exit code 2.
    ///
    /// # Errors
    /// [`ServerError`] if a tool cannot be registered, the server cannot serve, or a command fails.
    pub async fn run(self) -> Result<(), ServerError> {
        let (sender, receiver) = oneshot::channel();
        let run = move || drop(sender.send(self.run_blocking()));
        let spawned = thread::Builder::new()
            .name("server".to_owned())
            .stack_size(process::STACK_BYTES)
            .spawn(run)
            .map_err(ServerError::Thread)?;
        let Ok(result) = receiver.await else {
            let text = "the server ended without a result; its log has the cause";
            return Err(ServerError::Command(text.to_owned()));
        };
        spawned.join().ok();
        result
    }

    /// Runs the command line until it is done, as [`run`](Self::run) does, on the current thread.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_blocking(self) -> Result<(), ServerError> {
        command::run(self)
    }

    /// Builds the catalog. Descriptions of tools state the limits.
    pub(crate) fn into_catalog(self, limits: &Limits) -> Result<Catalog, RegistryError> {
        let mut catalog = Catalog::new(limits, &self.tools)?;
        catalog.identity = self.identity;
        catalog.author_instructions = self.instructions;
        catalog.private_addresses = self.private_addresses;
        catalog.offer(self.resources, self.prompts)?;
        catalog.data = self.data;
        Ok(catalog)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("identity", &self.identity).finish_non_exhaustive()
    }
}
