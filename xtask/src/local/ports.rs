//! Ports of this machine: free ones, and the choice of a deployment's two.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

use anyhow::Context;

use super::{
    metrics::MetricsPort,
    port_owner::{self, PortOwner},
};
use crate::problem::Problem;

/// Returns a port on loopback that is free at the moment of the call.
pub fn free_port() -> anyhow::Result<u16> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(port.context("cannot find a free port")?.port())
}

/// Ports of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) service: u16,
    pub(crate) metrics: MetricsPort,
}

/// The ports that the command line asks for, and those that the deployment may take over.
pub(crate) struct Request<'a> {
    /// Port of the service; 0 for any free one.
    pub(crate) service: u16,
    /// Port of the metrics; `None` for the default one if it is free, and else any.
    pub(crate) metrics: Option<MetricsPort>,
    /// Port of the metrics of the running version, which is kept if the default one is taken.
    pub(crate) current_metrics: Option<MetricsPort>,
    /// Returns true for a port that the deployment itself holds, which is free once it has been stopped.
    pub(crate) holds: &'a dyn Fn(u16) -> bool,
}

impl Request<'_> {
    /// Reports a port that was asked for and is not available.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::from_iter(self.taken(self.service, "--port"));
        if let Some(MetricsPort::Port(port)) = self.metrics {
            problems.extend(self.taken(port, "--metrics-port"));
            if port == self.service && port != 0 {
                problems.push(Problem::new(
                    format!("--port and --metrics-port are both {port}"),
                    "pass another --metrics-port, or `--metrics-port off`",
                ));
            }
        }
        problems
    }

    /// Chooses the ports. Nothing is wrong with those that were asked for.
    pub(crate) fn choose(&self) -> anyhow::Result<Ports> {
        let service = if self.service == 0 { free_port()? } else { self.service };
        let metrics = match self.metrics {
            Some(MetricsPort::Off) => MetricsPort::Off,
            Some(MetricsPort::Port(0)) => MetricsPort::Port(free_port()?),
            Some(port) => port,
            None if self.default_is_free(service) => MetricsPort::Port(MetricsPort::DEFAULT),
            None => match self.current_metrics {
                Some(MetricsPort::Port(port)) if port != service && port != MetricsPort::DEFAULT => {
                    MetricsPort::Port(port)
                }
                _ => MetricsPort::Port(free_port()?),
            },
        };
        Ok(Ports { service, metrics })
    }

    fn default_is_free(&self, service: u16) -> bool {
        let port = MetricsPort::DEFAULT;
        service != port && ((self.holds)(port) || bind_error(port).is_none())
    }

    fn taken(&self, port: u16, flag: &str) -> Option<Problem> {
        if port == 0 || (self.holds)(port) {
            return None;
        }
        let error = bind_error(port)?;
        if error.kind() != io::ErrorKind::AddrInUse {
            return Some(Problem::new(format!("port {port} cannot be used: {error}"), format!("pass another {flag}")));
        }
        let owner = port_owner::find(port);
        Some(Problem::new(format!("port {port} is taken by {owner}"), fix(port, &owner, flag)))
    }
}

fn bind_error(port: u16) -> Option<io::Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).err()
}

fn fix(port: u16, owner: &PortOwner, flag: &str) -> String {
    let other = (port..=u16::MAX).skip(1).take(100).find(|port| bind_error(*port).is_none()).unwrap_or(0);
    let find = if cfg!(windows) { format!("netstat -ano | findstr :{port}") } else { format!("lsof -i tcp:{port}") };
    match owner {
        PortOwner::Deployment(project) => {
            format!("pass `{flag} {other}`, or stop that one with `cargo xtask destroy --local{}`", project.flag())
        }
        PortOwner::Process { .. } => format!("pass `{flag} {other}`, or stop that process"),
        PortOwner::Unknown => format!("pass `{flag} {other}`, or find the process with `{find}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken() -> (TcpListener, u16) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[test]
    fn taken_port_is_reported_with_its_flag() {
        let (_listener, port) = taken();
        let request = Request { service: port, metrics: None, current_metrics: None, holds: &|_| false };
        let problem = request.problems().pop().unwrap();
        assert!(problem.what.contains(&format!("port {port} is taken by ")), "{}", problem.what);
        assert!(problem.fix.starts_with("pass `--port "), "{}", problem.fix);
    }

    #[test]
    fn own_port_and_zero_are_available() {
        let (_listener, port) = taken();
        let holds = |held: u16| held == port;
        let request =
            Request { service: port, metrics: Some(MetricsPort::Port(0)), current_metrics: None, holds: &holds };
        assert_eq!(request.problems(), []);
        let ports = request.choose().unwrap();
        assert_eq!(ports.service, port);
        assert!(matches!(ports.metrics, MetricsPort::Port(metrics) if metrics != 0 && metrics != port));
    }

    #[test]
    fn equal_ports_are_rejected() {
        let port = free_port().unwrap();
        let request =
            Request { service: port, metrics: Some(MetricsPort::Port(port)), current_metrics: None, holds: &|_| false };
        assert_eq!(request.problems().len(), 1);
    }

    #[test]
    fn default_metrics_port_gives_way() {
        let request = Request { service: MetricsPort::DEFAULT, metrics: None, current_metrics: None, holds: &|_| true };
        let ports = request.choose().unwrap();
        assert!(matches!(ports.metrics, MetricsPort::Port(port) if port != MetricsPort::DEFAULT));
        let request = Request { current_metrics: Some(MetricsPort::Port(4242)), ..request };
        assert_eq!(request.choose().unwrap().metrics, MetricsPort::Port(4242));
    }

    #[test]
    fn deployment_is_named_with_its_project() {
        let owner = PortOwner::Deployment("demo".parse().unwrap());
        assert_eq!(owner.to_string(), "project demo on this machine");
        let fix = fix(free_port().unwrap(), &owner, "--port");
        assert!(fix.ends_with("or stop that one with `cargo xtask destroy --local --project demo`"), "{fix}");
    }
}
