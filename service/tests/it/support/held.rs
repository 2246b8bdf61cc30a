//! The resources of a running server: tasks, file descriptors, memory. Measured at rest, they reveal leaks.

use std::time::{Duration, Instant};

use super::{dynamodb::DynamoDb, server::Server};

/// The longest wait for connections to close and tasks to end.
const REST_TIMEOUT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// Memory that the allocator and SQLite's caches may keep after a load that the warm-up did not have.
const RSS_SLACK: u64 = 48 << 20;

/// The held resources. Descriptors and memory are measured on Linux only, and 0 elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    tasks: u64,
    descriptors: usize,
    rss: u64,
}

impl Held {
    /// Returns the level at rest: the first one that five consecutive measurements confirm.
    pub(crate) async fn at_rest(server: &Server, dynamodb: &DynamoDb) -> Self {
        let started = Instant::now();
        let (mut last, mut confirmations) = (Self::now(server, dynamodb).await, 0);
        while confirmations < 5 {
            tokio::time::sleep(PAUSE).await;
            let now = Self::now(server, dynamodb).await;
            confirmations =
                if (now.tasks, now.descriptors) == (last.tasks, last.descriptors) { confirmations + 1 } else { 0 };
            last = now;
            assert!(started.elapsed() < REST_TIMEOUT, "the server does not come to rest: {now:?}");
        }
        last
    }

    /// Waits until the server holds no more than this again. Memory has some slack.
    pub(crate) async fn is_reached_again(self, server: &Server, dynamodb: &DynamoDb) {
        let started = Instant::now();
        loop {
            let now = Self::now(server, dynamodb).await;
            let (tasks, descriptors) = (now.tasks <= self.tasks, now.descriptors <= self.descriptors);
            if tasks && descriptors && now.rss <= self.rss + RSS_SLACK {
                return;
            }
            assert!(started.elapsed() < REST_TIMEOUT, "the server held {self:?} before and {now:?} after");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Measures the current level. Closes idle connections to the table first, because their number varies.
    async fn now(server: &Server, dynamodb: &DynamoDb) -> Self {
        dynamodb.hang_up();
        let metrics = server.metrics().await;
        let tasks = metrics.lines().find_map(|line| line.strip_prefix("mcp_tasks ")).unwrap();
        let (descriptors, rss) = system(server.pid());
        Self { tasks: tasks.parse().unwrap(), descriptors, rss }
    }
}

#[cfg(target_os = "linux")]
fn system(pid: u32) -> (usize, u64) {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = rss.trim().trim_end_matches(" kB").parse().unwrap();
    (descriptors, kilobytes << 10)
}

#[cfg(not(target_os = "linux"))]
fn system(_: u32) -> (usize, u64) {
    (0, 0)
}
