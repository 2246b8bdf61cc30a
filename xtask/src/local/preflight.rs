//! Finds everything that would stop a deployment before anything is changed, and reports it together, each problem with
//! its fix. Changes nothing but creating the deployment's directory.

use super::{
    home::Home,
    identity::{self, Identity},
    metrics::MetricsPort,
    ports::{self, Ports},
    record::{self, Record},
};
use crate::{
    dirs::{self, Root},
    lock::{self, Lock},
    problem::{self, Problem},
    process,
    source::Source,
    ui,
};

/// The result of preflight.
#[derive(Debug)]
pub(crate) struct PreflightResult {
    /// Keeps other commands from changing the deployment.
    pub(crate) _lock: Lock,
    /// The deployment's record, if its process runs.
    pub(crate) running: Option<Record>,
    /// Processes of the deployment that no record names, left by an interrupted command.
    pub(crate) strays: Vec<Identity>,
    /// The ports, with free ones in place of 0.
    pub(crate) port: u16,
    pub(crate) metrics: MetricsPort,
}

/// Checks the machine and the deployment's directory, and reports what is found with `problems`. Without a metrics port
/// the default one is used, or a free one if that is taken.
pub(crate) fn check(
    home: &Home,
    source: &Source,
    port: u16,
    metrics: Option<MetricsPort>,
    mut problems: Vec<Problem>,
) -> anyhow::Result<PreflightResult> {
    problems.extend(no_cargo(source));
    let lock = match dirs::not_writable(Root::Local, home.root(), home.create()) {
        None => Some(lock::take(&home.lock())?),
        Some(problem) => {
            problems.push(problem);
            None
        }
    };
    let recorded = record::load(home).unwrap_or_else(|error| {
        problems.push(Problem::new(format!("{error:#}"), format!("delete {}", home.record().display())));
        None
    });
    let owned = identity::running_from(&home.binaries())?;
    let running = recorded.filter(|record| identity::is_running(&record.identity).unwrap_or(false));
    let strays = strays(owned, running.as_ref());

    let holds = |port| running.as_ref().is_some_and(|record| record.launch.uses(port)) || !strays.is_empty();
    let current_metrics = running.as_ref().map(|record| record.launch.metrics);
    let request = ports::Request { service: port, metrics, current_metrics, holds: &holds };
    problems.extend(request.problems());
    problem::report(&problems)?;
    let ports = request.choose()?;
    report_moved_metrics(metrics, ports);
    let lock = lock.map_or_else(|| lock::take(&home.lock()), Ok)?;
    Ok(PreflightResult { _lock: lock, port: ports.service, metrics: ports.metrics, running, strays })
}

/// Prints where the metrics are if the default port was taken.
fn report_moved_metrics(requested: Option<MetricsPort>, ports: Ports) {
    if let (None, MetricsPort::Port(port)) = (requested, ports.metrics)
        && port != MetricsPort::DEFAULT
    {
        ui::step("preflight", &format!("metrics port {} is taken; using {port}", MetricsPort::DEFAULT));
    }
}

fn strays(owned: Vec<Identity>, running: Option<&Record>) -> Vec<Identity> {
    owned.into_iter().filter(|identity| running.is_none_or(|record| record.identity.pid != identity.pid)).collect()
}

fn no_cargo(source: &Source) -> Option<Problem> {
    let usable = process::capture(&source.cargo(["--version"])).is_ok_and(|output| output.success);
    (!usable)
        .then(|| Problem::new("cargo cannot be run", "install Rust from https://rustup.rs, then rerun `cargo xtask`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_without_a_record_is_a_stray() {
        let recorded = crate::local::record::tests::example();
        let other = Identity { pid: 1, ..recorded.identity.clone() };
        let owned = vec![recorded.identity.clone(), other.clone()];
        assert_eq!(strays(owned, Some(&recorded)), vec![other.clone()]);
        assert_eq!(strays(vec![other.clone()], None), vec![other]);
    }
}
