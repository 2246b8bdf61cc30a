//! A server of a test: its tools, its settings, its replicas.

use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use clap::{CommandFactory, FromArgMatches, builder::Resettable};

use super::{
    Faults, TestClient, TestTable,
    principals::Principals,
    replica::{Replica, Replicas},
};
use crate::{
    Server,
    cli::Cli,
    config::Config,
    store::Store,
    tools::{Tool, Variables},
};

/// The time after which the server sends a request to the table again. Production waits for 3 s.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

/// Registers tools with a server.
type Register = Box<dyn Fn(Server) -> Server + Send + Sync>;

/// The settings of a test server.
#[must_use = "a server does nothing until it starts"]
pub struct Builder {
    registers: Vec<Register>,
    arguments: Vec<String>,
    principals: Principals,
    variables: Variables,
    replicas: usize,
    attempt_timeout: Duration,
}

/// A running server with one or more replicas on one table in memory. It ends when it is dropped.
///
/// It has the methods of [`TestClient`], as the shared principal over MCP.
pub struct TestServer {
    blueprint: Builder,
    config: Config,
    table: TestTable,
    replicas: Arc<Replicas>,
    client: TestClient,
}

impl Builder {
    /// Registers a tool.
    pub fn tool<T: Tool>(self) -> Self {
        self.with(Server::tool::<T>)
    }

    /// Changes the server as the program's `main` does. With a function that takes and returns a [`Server`], both
    /// register the same.
    pub fn with(mut self, register: impl Fn(Server) -> Server + Send + Sync + 'static) -> Self {
        self.registers.push(Box::new(register));
        self
    }

    /// Gives a value to the tools. Each replica gets a clone.
    pub fn data<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        self.with(move |server| server.data(value.clone()))
    }

    /// Adds an argument of the server's command line, such as `--rate-limit=5/s`. The environment of the test has no
    /// effect on the settings.
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds a principal to alice, bob and carol.
    pub fn principal(mut self, name: impl Into<String>) -> Self {
        self.principals.add(name.into());
        self
    }

    /// Sets a variable that tools read with `Context::env` and `Context::secret`.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.set(name.into(), value.into());
        self
    }

    /// Starts several replicas. The default is one.
    pub fn replicas(mut self, number: usize) -> Self {
        self.replicas = number;
        self
    }

    /// Sets the time for which the server waits for a response of the table. The default is one second.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Creates the table and starts the replicas.
    ///
    /// # Panics
    /// If a tool cannot be registered or a setting is invalid.
    pub async fn start(self) -> TestServer {
        let (table, replicas) = (TestTable::new(), Arc::new(Replicas::default()));
        let client = TestClient::new(replicas.clone(), self.principals.clone());
        let config = self.config();
        let server = TestServer { blueprint: self, config, table, replicas, client };
        server.open_store().create_table().await.expect("a store in memory creates its table");
        (0..server.blueprint.replicas).for_each(|_| server.add_replica());
        server
    }

    fn config(&self) -> Config {
        // Without their variables, which would configure every test of the process.
        let command = Cli::command().mut_args(|argument| argument.env(Resettable::Reset));
        let fixed = ["mcp-stateful", "--state-path", ":memory:", "--metrics-port", "off"].map(str::to_owned);
        let matches = command.try_get_matches_from(fixed.iter().chain(&self.arguments));
        let mut cli = matches
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .unwrap_or_else(|error| panic!("invalid arguments of the server: {error}"));
        cli.flags.auth_token = Some(Principals::shared_token());
        cli.flags.auth_tokens = Some(self.principals.setting());
        match Config::parse(&cli.flags) {
            Ok((config, _)) => config,
            Err(problems) => panic!("invalid settings of the server:\n{problems}"),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

impl TestServer {
    /// Returns the settings of a server with the built-in tools.
    pub fn builder() -> Builder {
        Builder {
            registers: Vec::new(),
            arguments: Vec::new(),
            principals: Principals::default(),
            variables: Variables::default(),
            replicas: 1,
            attempt_timeout: ATTEMPT_TIMEOUT,
        }
    }

    /// Returns the faults of the table, to plan some.
    pub fn faults(&self) -> &Faults {
        self.table.faults()
    }

    /// Starts one more replica.
    ///
    /// # Panics
    /// If a tool cannot be registered.
    pub fn add_replica(&self) {
        let server = Server::from_env().expect("a server without settings");
        let server = self.blueprint.registers.iter().fold(server, |server, register| register(server));
        let server = server.data(self.blueprint.variables.clone());
        match server.into_catalog(&self.config.limits) {
            Ok(catalog) => self.replicas.add(Replica::start(&self.config, catalog, || self.open_store())),
            Err(problem) => panic!("{problem}"),
        }
    }

    /// Kills the oldest replica as `kill -9` does: its calls end wherever they are.
    ///
    /// # Panics
    /// If no replica is running.
    pub fn kill_replica(&self) {
        self.replicas.kill_oldest();
    }

    /// Stops the oldest replica as a roll-out does: it accepts no more calls, and those in progress end.
    ///
    /// # Panics
    /// If no replica is running.
    pub async fn stop_replica(&self) {
        self.replicas.drain_oldest().await;
    }

    fn open_store(&self) -> Store {
        self.table.store(&self.config.state, self.blueprint.attempt_timeout)
    }
}

/// A server is called as its first client is, which saves a name in most tests.
impl Deref for TestServer {
    type Target = TestClient;

    fn deref(&self) -> &TestClient {
        &self.client
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer").field("replicas", &self.replicas).finish_non_exhaustive()
    }
}
