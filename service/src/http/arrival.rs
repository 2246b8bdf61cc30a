//! The circumstances in which a request arrived, kept among its extensions.

/// The circumstances of a request. A request without them was made inside the process, by a test or a benchmark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The service has received its stop signal, so the response is the last one on its connection.
    pub(super) stopping: bool,
}
