//! The number of connections that this process can hold, by its limits of file descriptors and of memory.

#[cfg(target_os = "linux")]
mod cgroup;

use crate::config::Limits;

/// The memory of a connection in the worst case that a client without a token can cause: a full buffer of a head
/// that never ends, and hyper's state. An idle connection takes about an eighth.
const BYTES_PER_CONNECTION: u64 = 128 << 10;

/// The descriptors that no connection may take: standard streams, the runtime, listeners, and the store's files.
const RESERVED_DESCRIPTORS: u64 = 64;

/// The connections where no limit is known.
const WITHOUT_LIMITS: u64 = 65_536;

/// Returns the limit of open connections: the setting, or as many as memory permits, in both cases at most as many as
/// file descriptors permit.
pub(crate) fn connections(limits: &Limits) -> u32 {
    connections_within(limits, descriptors(), memory())
}

fn connections_within(limits: &Limits, descriptors: Option<u64>, memory: Option<u64>) -> u32 {
    // Every request in progress may need a connection to the table. Half is left even under a tiny limit.
    let reserved = RESERVED_DESCRIPTORS + limits.concurrency as u64;
    let by_descriptors = descriptors.map_or(u64::MAX, |limit| limit - reserved.min(limit / 2));
    let wanted = limits.max_connections.map(u64::from);
    let wanted = wanted.unwrap_or_else(|| memory.map_or(WITHOUT_LIMITS, |bytes| bytes / BYTES_PER_CONNECTION));
    u32::try_from(wanted.min(by_descriptors).max(1)).unwrap_or(u32::MAX)
}

#[cfg(unix)]
fn descriptors() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn descriptors() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn memory() -> Option<u64> {
    cgroup::memory()
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{cli::Cli, config::Config};

    fn limits(arguments: &[&str]) -> Limits {
        let cli = Cli::parse_from(["mcp-stateful"].iter().chain(arguments));
        Config::parse(&cli.flags).unwrap().0.limits
    }

    #[test]
    fn smaller_limit_decides() {
        let mib = |mib: u64| Some(mib << 20);
        for (arguments, descriptors, memory, expected) in [
            (&[][..], Some(65_536), mib(512), 4096),
            (&[], Some(1024), mib(512), 1024 - 320),
            (&[], Some(40), None, 20),
            (&[], None, None, 65_536),
            (&["--max-connections", "9000"], Some(65_536), mib(512), 9000),
            (&["--max-connections", "9000"], Some(1024), None, 1024 - 320),
            (&["--max-concurrency", "16"], Some(1024), None, 1024 - 80),
        ] {
            let found = connections_within(&limits(arguments), descriptors, memory);
            assert_eq!(found, expected, "{arguments:?} {descriptors:?} {memory:?}");
        }
    }
}
