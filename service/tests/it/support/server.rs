//! The service as a separate process on free ports. The test can read its log.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{call, fast_path};

pub(crate) const TOKEN: &str = "test-token-0123456789abcdef";

/// The configuration of a server under test.
pub(crate) struct Setup {
    command: Command,
    folder: TempDir,
}

/// A running server. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<thread::JoinHandle<()>>,
    pub(crate) url: String,
    pub(crate) metrics: Option<String>,
    pub(crate) http: reqwest::Client,
    _folder: TempDir,
}

impl Setup {
    /// Creates a setup with the embedded store in a temporary folder and without a token.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-stateful"));
        // The environment of the test run must not configure the server.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("MCP_") || text.starts_with("AWS_") {
                command.env_remove(&name);
            }
        }
        command.env("MCP_PORT", "0").env("MCP_METRICS_PORT", "0").env("MCP_STATE_PATH", folder.path().join("notes.db"));
        if !fast_path() {
            command.env("MCP_FAST_PATHS", "off");
        }
        Self { command, folder }
    }

    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn token(self) -> Self {
        self.env("MCP_AUTH_TOKEN", TOKEN)
    }

    pub(crate) fn state_path(self, path: &Path) -> Self {
        self.env("MCP_STATE_PATH", path.to_str().unwrap())
    }

    /// Uses the table at a DynamoDB endpoint instead of the embedded store.
    pub(crate) fn dynamodb(self, endpoint: &str) -> Self {
        self.env("MCP_STATE_BACKEND", "DynamoDB")
            .env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }

    /// Runs another server.
    pub(crate) fn program(self, program: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(self.command.get_args());
        self.replace(command)
    }

    /// Runs the server through another program. The server's command line follows that program's arguments.
    #[cfg(target_os = "linux")]
    pub(crate) fn run_by(self, program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).arg(self.command.get_program()).args(self.command.get_args());
        self.replace(command)
    }

    /// Replaces the command by another one with the same environment.
    fn replace(mut self, mut command: Command) -> Self {
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.command = command;
        self
    }

    /// Returns the command itself, for tests of its exit.
    pub(crate) fn command(self) -> (Command, TempDir) {
        (self.command, self.folder)
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(mut self) -> Server {
        let mut child = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (listening, listens) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let kept = log.clone();
        let reader = thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if event["message"] == "listening" {
                    let metrics = event["metrics"].as_str().map(|address| format!("http://{address}/metrics"));
                    listening.send((format!("http://{}", event["address"].as_str().unwrap()), metrics)).ok();
                }
                kept.lock().unwrap().push(line);
            }
        });
        let Ok((url, metrics)) = listens.recv_timeout(Duration::from_secs(20)) else {
            child.kill().ok();
            panic!("the server is not listening: {:#?}", log.lock().unwrap());
        };
        Server { child, log, reader: Some(reader), url, metrics, http: client().build().unwrap(), _folder: self.folder }
    }
}

impl Server {
    /// Returns a GET request to a path with the shared token.
    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(TOKEN)
    }

    /// Returns a POST request to a path with the shared token.
    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(TOKEN)
    }

    /// Returns a POST request to a path with any bearer token.
    pub(crate) fn post_as(&self, token: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(token)
    }

    /// Makes a REST call and returns the response's status and body.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> (u16, Value) {
        self.call_as(TOKEN, tool, arguments).await
    }

    /// Makes a REST call with any bearer token and returns the response's status and body.
    pub(crate) async fn call_as(&self, token: &str, tool: &str, arguments: Value) -> (u16, Value) {
        let response = self.post_as(token, "/mcp/call_tool").json(&call(tool, arguments)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Returns the session's notes, read over REST.
    pub(crate) async fn notes(&self, session: &str) -> Vec<String> {
        let (status, body) = self.call("get_notes", serde_json::json!({"session_id": session})).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_value(body["result"].clone()).unwrap()
    }

    /// Returns the server's metrics, fetched on a connection that closes at once.
    pub(crate) async fn metrics(&self) -> String {
        unpooled().get(self.metrics.as_ref().unwrap()).send().await.unwrap().text().await.unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server and returns its complete log. A line may arrive a little later than its event.
    pub(crate) fn whole_log(&mut self) -> String {
        self.terminate();
        assert_eq!(self.wait(Duration::from_secs(30)).code(), Some(0));
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }

    /// Returns the log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Sends SIGKILL and waits for the exit.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM, as ECS does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for the exit. Panics after `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running after {limit:?}: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns a client that keeps no idle connection.
pub(crate) fn unpooled() -> reqwest::Client {
    client().pool_max_idle_per_host(0).build().unwrap()
}

fn client() -> reqwest::ClientBuilder {
    // reqwest is built without a crypto provider. A provider installed earlier serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
