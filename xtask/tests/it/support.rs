//! Runs xtask in a temporary directory and calls the service that it deployed.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Command, Output},
    sync::OnceLock,
};

use serde_json::Value;
use sysinfo::{Pid, ProcessesToUpdate, System};

/// A directory for deployments. It is removed with the test, and a service that still runs is stopped.
pub(crate) struct Sandbox {
    directory: tempfile::TempDir,
    pub(crate) port: u16,
    pub(crate) metrics_port: u16,
    cargo: Option<OsString>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, port: free_port(), metrics_port: free_port(), cargo: None }
    }

    /// Makes xtask call another program instead of cargo.
    #[cfg(unix)]
    pub(crate) fn with_cargo(mut self, cargo: &std::path::Path) -> Self {
        self.cargo = Some(cargo.into());
        self
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().join("mcp-stateful")
    }

    /// The directory in which deployments on AWS would be recorded.
    pub(crate) fn aws_home(&self) -> PathBuf {
        self.directory.path().join("aws")
    }

    /// Runs xtask with these arguments.
    pub(crate) fn xtask(&self, args: &[&str]) -> Finished {
        Finished(self.command(args).output().unwrap())
    }

    /// Runs the installed program in a directory, with cargo's results in another one.
    pub(crate) fn installed(&self, directory: &std::path::Path, args: &[&str]) -> Finished {
        let mut command = self.command(args);
        // An empty value counts as none.
        command.current_dir(directory).env("MCP_XTASK", "").env("CARGO_TARGET_DIR", own_crate_target());
        Finished(command.output().unwrap())
    }

    /// Runs xtask without credentials, tools or AWS.
    pub(crate) fn without_aws(&self, args: &[&str]) -> Finished {
        self.without_aws_and_with(args, &[])
    }

    /// Does the same with more variables.
    pub(crate) fn without_aws_and_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Finished {
        let mut command = self.command(args);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("AWS_CONFIG_FILE", self.directory.path().join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.directory.path().join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", free_port()))
            .env("PATH", "")
            .envs(variables.iter().copied());
        Finished(command.output().unwrap())
    }

    /// Returns xtask with a home directory of its own, an AWS at this address, and a stand-in for Terraform on the
    /// PATH.
    ///
    /// The stand-in keeps its command lines and environment in [`Self::terraform`]. `terraform destroy` prints the file
    /// `destroy.json` there and fails, the first time or, with a file `always`, each time. `terraform apply` prints
    /// `error1`, then `error2`, and fails.
    #[cfg(unix)]
    pub(crate) fn on_aws(&self, endpoint: &str, args: &[&str]) -> Command {
        const TERRAFORM: &str = r#"#!/bin/sh
cd "${0%/*}"
echo "$@" >> calls
env | grep -E '^AWS_|_PROXY=' > environment
for verb; do case "$verb" in -chdir=*) ;; *) break ;; esac; done
case "$verb" in
  version) echo '{"terraform_version":"1.11.4"}' ;;
  state) cat state.json ;;
  output) echo '{}' ;;
  apply) cat "error$(grep -c ' apply ' calls)"; exit 1 ;;
  destroy)
    if [ -e destroy.json ]; then
      cat destroy.json
      [ -e always ] || rm destroy.json
      exit 1
    fi
    echo '{"@message":"","type":"change_summary","changes":{"add":0,"change":0,"remove":1}}' ;;
esac
"#;
        use std::os::unix::fs::PermissionsExt;

        let tools = self.terraform();
        if !tools.exists() {
            std::fs::create_dir_all(&tools).unwrap();
            std::fs::create_dir_all(self.user_home().join(".aws")).unwrap();
            std::fs::write(tools.join("terraform"), TERRAFORM).unwrap();
            std::fs::set_permissions(tools.join("terraform"), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = self.command(args);
        let foreign = |name: &str| name.starts_with("AWS_") || name.to_ascii_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
            command.env_remove(name);
        }
        command
            .env("HOME", self.user_home())
            .env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()))
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// The directory of the stand-in for Terraform.
    #[cfg(unix)]
    pub(crate) fn terraform(&self) -> PathBuf {
        self.directory.path().join("tools")
    }

    /// The home directory of the user who runs xtask on AWS.
    #[cfg(unix)]
    pub(crate) fn user_home(&self) -> PathBuf {
        self.directory.path().join("user")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-deploy"));
        command
            .args(args)
            .env("MCP_LOCAL_DIR", self.directory.path())
            .env("MCP_DEPLOY_DIR", self.aws_home())
            .env("NO_COLOR", "1")
            // The tests expect the texts of this repository's alias.
            .env("MCP_XTASK", "1")
            .env_remove("MCP_AUTH_TOKEN");
        if let Some(cargo) = &self.cargo {
            command.env("CARGO", cargo);
        }
        command
    }

    /// Runs `deploy --local` on the ports of this sandbox, in the profile that the tests have built.
    pub(crate) fn deploy(&self) -> Finished {
        self.deploy_with(&[], &[])
    }

    /// Runs `deploy --local` with more arguments and variables.
    pub(crate) fn deploy_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Finished {
        let (port, metrics) = (self.port.to_string(), self.metrics_port.to_string());
        let common = ["deploy", "--local", "--profile", "dev", "--port", &port, "--metrics-port", &metrics];
        let mut command = self.command(&[&common[..], args].concat());
        Finished(command.envs(variables.iter().copied()).output().unwrap())
    }

    /// Writes a file of settings and returns its path.
    pub(crate) fn settings(&self, text: &str) -> String {
        let path = self.directory.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn record(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.home().join("record.json")).unwrap()).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.record()["pid"].as_u64().unwrap().try_into().unwrap()
    }

    /// Calls a tool of the deployed service over REST.
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Value {
        self.call_as("127.0.0.1", tool, arguments)
    }

    /// Calls a tool under a name of the host.
    pub(crate) fn call_as(&self, host: &str, tool: &str, arguments: Value) -> Value {
        static CRYPTOGRAPHY: OnceLock<bool> = OnceLock::new();
        CRYPTOGRAPHY.get_or_init(|| rustls::crypto::ring::default_provider().install_default().is_ok());
        let token = std::fs::read_to_string(self.home().join("token")).unwrap();
        let url = format!("http://127.0.0.1:{}/mcp/call_tool", self.port);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .post(url)
            .header("host", host)
            .bearer_auth(token.trim())
            .json(&serde_json::json!({"name": tool, "arguments": arguments}));
        let response = async { request.send().await?.error_for_status()?.json::<Value>().await };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(response).unwrap()["result"]
            .take()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if self.home().exists() {
            drop(self.xtask(&["destroy", "--local"]).0);
        }
    }
}

/// A finished xtask process.
pub(crate) struct Finished(pub(crate) Output);

impl Finished {
    /// Runs a command to its end.
    #[cfg(unix)]
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(command.output().unwrap())
    }

    /// Fails the test, with the whole output, unless this was the exit code.
    #[track_caller]
    pub(crate) fn exit_code(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout(), self.stderr());
        self
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.0.status.success()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|_| panic!("no JSON on stdout: {}", self.stdout()))
    }

    #[track_caller]
    pub(crate) fn prints(&self, text: &str) {
        let all = format!("{}{}", self.stdout(), self.stderr());
        assert!(all.contains(text), "{text:?} is not in:\n{all}");
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The target directory of crates that tests write. Kept, so that a second run compiles little.
pub(crate) fn own_crate_target() -> PathBuf {
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("own-crate")
}

/// Kills a process.
pub(crate) fn kill(pid: u32) {
    let mut system = System::new().unwrap();
    system.refresh_processes(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]), true);
    assert!(system.process(Pid::from_u32(pid)).unwrap().kill());
}

pub(crate) fn is_running(pid: u32) -> bool {
    let mut system = System::new().unwrap();
    system.refresh_processes(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]), true);
    system.process(Pid::from_u32(pid)).is_some_and(|process| process.status() != sysinfo::ProcessStatus::Zombie)
}

/// Builds the real service and returns its binary.
#[cfg(unix)]
pub(crate) fn service_binary() -> PathBuf {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // As in xtask: a nested cargo must not inherit the variables that cargo sets for a test.
    let is_cargos = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    let inherited: Vec<String> = std::env::vars().map(|(name, _)| name).filter(|name| is_cargos(name)).collect();
    let cargo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        for name in &inherited {
            command.env_remove(name);
        }
        command.args(args).current_dir(root).output().unwrap()
    };
    // The example makes cargo select the features with which it built the tests.
    let features = ["--workspace", "--locked", "--bin", "mcp-stateful", "--example", "conformance-fixture"];
    let built = cargo(&[&["build", "--message-format=json-render-diagnostics"], &features[..]].concat());
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).unwrap();
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let built =
        messages.find(|message| message["target"]["name"] == "mcp-stateful" && message["executable"].is_string());
    built.unwrap()["executable"].as_str().unwrap().into()
}
