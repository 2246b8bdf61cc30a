//! Writes the log's lines together, many at once: a write of its own for each line of a busy service costs more than the call
//! that the line tells of.
//!
//! A warning or an error is written before whoever logs it goes on, with all that came before it. Other lines wait for at
//! most [`PAUSE`] while the service runs; [`flush`](Gather::flush) writes what is left when it ends. A process that is killed
//! takes the last [`PAUSE`] of them along.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The time between two writes, and so the longest that a line waits.
const PAUSE: Duration = Duration::from_millis(10);
/// More is not gathered: whoever adds to it writes it, and waits for a reader that is slow.
const MOST_BYTES: usize = 256 * 1024;

/// Where the lines are gathered. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Gather {
    shared: Arc<Shared>,
    /// Nobody writes but those who log.
    at_once: bool,
}

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Lines>,
    more: Condvar,
    /// Held by the one who writes, so that lines stay in order.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Whether the thread waits to be told of more.
    waited_for: bool,
}

impl Gather {
    /// Starts the thread that writes. Where the system gives none, every line is written at once.
    pub(super) fn start() -> Self {
        let mut gather = Self { shared: Arc::default(), at_once: false };
        let writer = gather.clone();
        gather.at_once = thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_on()).is_err();
        gather
    }

    /// Writes all that was gathered.
    pub(super) fn flush(&self) {
        let _writing = locked(&self.shared.writing);
        let bytes = mem::take(&mut locked(&self.shared.lines).bytes);
        // There is nowhere to tell that the log cannot be written.
        io::stderr().write_all(&bytes).ok();
    }

    fn write_on(&self) {
        loop {
            let mut lines = locked(&self.shared.lines);
            while lines.bytes.is_empty() {
                lines.waited_for = true;
                lines = self.shared.more.wait(lines).unwrap_or_else(PoisonError::into_inner);
            }
            lines.waited_for = false;
            drop(lines);
            self.flush();
            thread::sleep(PAUSE);
        }
    }

    /// Adds a line; whether it is to be written at once.
    fn add(&self, line: &[u8]) -> bool {
        let mut lines = locked(&self.shared.lines);
        lines.bytes.extend_from_slice(line);
        if mem::take(&mut lines.waited_for) {
            self.shared.more.notify_one();
        }
        lines.bytes.len() > MOST_BYTES
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one line.
#[derive(Debug)]
pub(super) struct LineWriter<'a> {
    gather: &'a Gather,
    at_once: bool,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.gather.add(line) || self.at_once {
            self.gather.flush();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Gather {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter { gather: self, at_once: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        LineWriter { gather: self, at_once: self.at_once || *metadata.level() <= Level::WARN }
    }
}
