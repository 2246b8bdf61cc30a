//! Finds out which process listens on a port, so that an error can name it.

use std::fmt;

use super::deployments;
use crate::{process::identity, project::Project};

/// The listener on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PortOwner {
    /// A deployment on this machine.
    Deployment(Project),
    /// Another process.
    Process {
        /// Name of its program.
        name: String,
        pid: u32,
    },
    /// A process that the platform does not show, as one of another user.
    Unknown,
}

/// Returns the listener on a port of this machine.
pub(crate) fn find(port: u16) -> PortOwner {
    if let Some(project) = deployments::holding(port) {
        return PortOwner::Deployment(project);
    }
    let process = listener(port).and_then(|pid| Some(PortOwner::Process { name: identity::name(pid)?, pid }));
    process.unwrap_or(PortOwner::Unknown)
}

impl fmt::Display for PortOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment(project) => write!(f, "project {project} on this machine"),
            Self::Process { name, pid } => write!(f, "{name} (process {pid})"),
            Self::Unknown => f.write_str("another process"),
        }
    }
}

/// Returns the process that listens on a TCP port. Linux lists the sockets in /proc/net, and each process its sockets.
#[cfg(target_os = "linux")]
fn listener(port: u16) -> Option<u32> {
    use std::fs;
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let sockets: Vec<String> = tables
        .iter()
        .flat_map(|table| listening_inodes(table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let owns = |process: &fs::DirEntry| {
        let files = fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let mut targets = files.filter_map(|file| fs::read_link(file.path()).ok());
        targets.any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbered = processes.filter_map(|process| Some((process.file_name().to_str()?.parse().ok()?, process)));
    numbered.find(|(_, process)| owns(process)).map(|(pid, _)| pid)
}

#[cfg(not(target_os = "linux"))]
fn listener(_: u16) -> Option<u32> {
    None
}

/// Returns the inodes of the sockets that listen on a port, from the text of /proc/net/tcp.
#[cfg(target_os = "linux")]
fn listening_inodes(table: &str, port: u16) -> Vec<&str> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter_map(|row| match row[..] {
        [_, local, _, LISTEN, _, _, _, _, _, inode, ..] if local.ends_with(&suffix) => Some(inode),
        _ => None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn listener_is_found_by_its_port() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let PortOwner::Process { pid, name } = find(port) else { panic!("no process found") };
        assert_eq!(pid, std::process::id());
        assert!(!name.is_empty());
    }

    #[test]
    fn free_port_has_no_known_owner() {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        assert_eq!(find(port), PortOwner::Unknown);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_listening_sockets_count() {
        let table = "  sl  local_address rem_address st
   0: 0100007F:0D05 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 1 0
   1: 0100007F:0D05 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000 0 4712 1 0
   2: 0100007F:24F8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4713 1 0\n";
        assert_eq!(listening_inodes(table, 3333), ["4711"]);
    }
}
