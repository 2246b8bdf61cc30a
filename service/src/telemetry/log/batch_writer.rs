//! Writes log lines to standard error in batches. In a busy service, one write per line would cost more than the call
//! that the line reports.
//!
//! A warning or an error is written, with all lines before it, before its logging call returns. Other lines wait for
//! at most [`INTERVAL`]; [`flush`](BatchWriter::flush) writes the remaining ones when the service ends. A killed
//! process loses the lines of its last [`INTERVAL`].

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The interval between two writes, and so the longest delay of a line.
const INTERVAL: Duration = Duration::from_millis(10);
/// The size above which the buffer is written by the thread that logs, which then waits for a slow reader.
const MAX_BUFFERED_BYTES: usize = 256 * 1024;

/// The buffered writer. Clones share the buffer.
#[derive(Debug, Clone)]
pub(super) struct BatchWriter {
    shared: Arc<Shared>,
    /// True if there is no writer thread and every line is written by the thread that logs it.
    unbuffered: bool,
}

#[derive(Debug, Default)]
struct Shared {
    buffer: Mutex<Buffer>,
    added: Condvar,
    /// Held while writing, so that lines stay in order.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// True if the writer thread waits for a line.
    writer_waits: bool,
}

impl BatchWriter {
    /// Starts the writer thread. If the system cannot create it, every line is written unbuffered.
    pub(super) fn start() -> Self {
        let mut writer = Self { shared: Arc::default(), unbuffered: false };
        let thread = writer.clone();
        writer.unbuffered = thread::Builder::new().name("log".to_owned()).spawn(move || thread.run()).is_err();
        writer
    }

    /// Writes all buffered lines.
    pub(super) fn flush(&self) {
        let _writing = locked(&self.shared.writing);
        let bytes = mem::take(&mut locked(&self.shared.buffer).bytes);
        // A failed write cannot be reported, because the log is where it would be reported.
        io::stderr().write_all(&bytes).ok();
    }

    fn run(&self) {
        loop {
            let mut buffer = locked(&self.shared.buffer);
            while buffer.bytes.is_empty() {
                buffer.writer_waits = true;
                buffer = self.shared.added.wait(buffer).unwrap_or_else(PoisonError::into_inner);
            }
            buffer.writer_waits = false;
            drop(buffer);
            self.flush();
            thread::sleep(INTERVAL);
        }
    }

    /// Adds a line. Returns true if the buffer is full and has to be flushed.
    fn add(&self, line: &[u8]) -> bool {
        let mut buffer = locked(&self.shared.buffer);
        buffer.bytes.extend_from_slice(line);
        if mem::take(&mut buffer.writer_waits) {
            self.shared.added.notify_one();
        }
        buffer.bytes.len() > MAX_BUFFERED_BYTES
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes one line.
#[derive(Debug)]
pub(super) struct LineWriter<'a> {
    writer: &'a BatchWriter,
    /// Flushes after the line.
    flush: bool,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.writer.add(line) || self.flush {
            self.writer.flush();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for BatchWriter {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter { writer: self, flush: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        LineWriter { writer: self, flush: self.unbuffered || *metadata.level() <= Level::WARN }
    }
}
