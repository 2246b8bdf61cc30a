//! Looks for everything that would stop a deployment, before anything is changed, and reports all of it at once, each
//! problem with what fixes it. Changes nothing but making the deployment's directory.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
};

use super::{
    home::Home,
    identity::{self, Identity},
    launch::Launch,
    metrics::MetricsPort,
    record::{self, Record},
};
use crate::{
    cargo,
    lock::{self, Lock},
    problem::{self, Problem},
    process,
};

/// What preflight found out.
#[derive(Debug)]
pub(crate) struct PreflightResult {
    /// Keeps other commands from changing the deployment.
    pub(crate) _lock: Lock,
    /// The deployment as recorded, if its process runs.
    pub(crate) running: Option<Record>,
    /// Processes of ours that no record names: what an interrupted deployment left.
    pub(crate) strays: Vec<Identity>,
    /// The ports, with free ones in the place of 0.
    pub(crate) port: u16,
    pub(crate) metrics: MetricsPort,
}

/// Checks the machine and the deployment's directory.
pub(crate) fn check(home: &Home, port: u16, metrics: MetricsPort) -> anyhow::Result<PreflightResult> {
    let mut problems = Vec::from_iter(no_cargo());
    let lock = match not_writable(home) {
        None => Some(lock::take(&home.lock())?),
        Some(problem) => {
            problems.push(problem);
            None
        }
    };
    let recorded = record::load(home).unwrap_or_else(|error| {
        let fix = format!("delete {}", home.record().display());
        problems.push(Problem { what: format!("{error:#}"), fix });
        None
    });
    let ours = identity::running_from(&home.binaries())?;
    let running = recorded.filter(|record| identity::is_running(&record.identity).unwrap_or(false));
    let strays = strays(ours, running.as_ref());

    let may_hold = |port: u16| running.as_ref().is_some_and(|record| record.launch.uses(port)) || !strays.is_empty();
    if !may_hold(port) {
        problems.extend(port_taken(port, "--port"));
    }
    if let MetricsPort::Port(port) = metrics
        && !may_hold(port)
    {
        problems.extend(port_taken(port, "--metrics-port"));
    }
    if let MetricsPort::Port(metrics) = metrics
        && metrics == port
        && port != 0
    {
        problems.push(Problem::new(
            format!("--port and --metrics-port are both {port}"),
            "give --metrics-port another port, or `off`",
        ));
    }
    problem::report(&problems)?;
    let lock = lock.map_or_else(|| lock::take(&home.lock()), Ok)?;
    Ok(PreflightResult { _lock: lock, port: choose(port)?, metrics: choose_metrics(metrics)?, running, strays })
}

impl Launch {
    /// Whether a version started like this holds a port.
    fn uses(&self, port: u16) -> bool {
        self.port == port || self.metrics == MetricsPort::Port(port)
    }
}

fn strays(ours: Vec<Identity>, running: Option<&Record>) -> Vec<Identity> {
    ours.into_iter().filter(|identity| running.is_none_or(|record| record.identity.pid != identity.pid)).collect()
}

fn no_cargo() -> Option<Problem> {
    let usable = process::capture(&cargo::cargo(["--version"])).is_ok_and(|output| output.success);
    (!usable).then(|| Problem {
        what: "cargo cannot be run".to_owned(),
        fix: "install Rust with rustup, then run this through `cargo xtask`".to_owned(),
    })
}

fn not_writable(home: &Home) -> Option<Problem> {
    let probe = home.root().join("probe");
    let tried = home.create().and_then(|()| {
        fs::write(&probe, [0; 4096])?;
        fs::remove_file(&probe)?;
        Ok(())
    });
    let error = tried.err()?;
    let full = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::StorageFull);
    let fix = if full {
        "make room on that disk, for example with `cargo clean`"
    } else {
        "make it writable, or set MCP_LOCAL_DIR to a directory that is"
    };
    Some(Problem { what: format!("{} is not writable: {error:#}", home.root().display()), fix: fix.to_owned() })
}

fn port_taken(port: u16, flag: &str) -> Option<Problem> {
    let error = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).err()?;
    let what = match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} is taken by a process that is not this deployment's"),
        _ => format!("port {port} cannot be used: {error}"),
    };
    Some(Problem {
        what,
        fix: format!("see who has it with `{}`, or choose another with {flag} (0 finds a free one)", who_has(port)),
    })
}

fn who_has(port: u16) -> String {
    if cfg!(windows) { format!("netstat -ano | findstr :{port}") } else { format!("lsof -i tcp:{port}") }
}

fn choose_metrics(metrics: MetricsPort) -> anyhow::Result<MetricsPort> {
    match metrics {
        MetricsPort::Off => Ok(MetricsPort::Off),
        MetricsPort::Port(port) => choose(port).map(MetricsPort::Port),
    }
}

fn choose(port: u16) -> anyhow::Result<u16> {
    if port == 0 { super::ports::free_port() } else { Ok(port) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_flag_that_changes_it() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let problem = port_taken(port, "--port").unwrap();
        assert!(problem.what.contains(&port.to_string()));
        assert!(problem.fix.contains("--port"));
        drop(taken);
        assert_eq!(port_taken(0, "--port"), None);
    }

    #[test]
    fn one_without_a_record_is_a_stray() {
        let recorded = crate::local::record::tests::example();
        let other = Identity { pid: 1, ..recorded.identity.clone() };
        let ours = vec![recorded.identity.clone(), other.clone()];
        assert_eq!(strays(ours, Some(&recorded)), vec![other.clone()]);
        assert_eq!(strays(vec![other.clone()], None), vec![other]);
    }
}
