//! MCP over standard input and output, for clients that start the server themselves. Standard output carries only the
//! protocol. The log goes to standard error.
//!
//! Every line passes the check of [`super::envelope`] before rmcp reads it. A faulty line gets a JSON-RPC error, and
//! the next one is read. One difference from HTTP comes from rmcp: a stop signal does not wait for calls in progress.

mod lines;
mod pending;

use std::{collections::VecDeque, future::Future, io, sync::Arc};

use rmcp::{
    RoleServer, ServerHandler, ServiceExt,
    model::{ClientJsonRpcMessage, ProtocolVersion, RequestId, ServerJsonRpcMessage, ServerResult},
    service::{RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage},
    transport::{Transport, stdio_pipes},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    sync::Mutex,
    task::JoinHandle,
};

use super::{
    batch::{self, Batch},
    envelope::{self, Envelope, Kind},
    refusal::Refusal,
    transport_errors::{explain_unknown_method, offers},
};
use crate::{json, telemetry::targets};
use lines::{Line, Lines, MAX_LINE_BYTES};
use pending::PendingBatches;

/// The byte order mark of UTF-8, which a parser may ignore (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Serves one client until it closes its end, or until `stop`.
///
/// # Errors
/// An error if the streams fail.
pub async fn serve_stdio<H: ServerHandler>(handler: H, stop: impl Future<Output = ()>) -> io::Result<()> {
    let session = async {
        let (input, output) = stdio_pipes();
        let offers = offers(&handler.get_info().capabilities);
        let service = match handler.serve(LineTransport::new(input, output, offers)).await {
            // The client left before its handshake.
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            service => service.map_err(io::Error::other)?,
        };
        service.waiting().await.map_err(io::Error::other)?;
        Ok(())
    };
    tokio::select! {
        result = session => result,
        () = stop => Ok(()),
    }
}

/// One JSON-RPC message in each line, in both directions. A line of protocol version 2025-03-26 may have a batch.
struct LineTransport<R, W> {
    input: Lines<BufReader<R>>,
    output: Arc<Mutex<W>>,
    /// The client has begun a handshake, or a request of a protocol version without one.
    started: bool,
    /// The handshake resulted in 2025-03-26, the version with batches.
    has_batches: bool,
    batches: PendingBatches,
    /// The requests of the last batch that rmcp has not received yet.
    queue: VecDeque<ClientJsonRpcMessage>,
    /// A line that needs no handler's response. It is written before the next line is read, so that such lines cannot
    /// pile up.
    writing: Option<JoinHandle<io::Result<()>>>,
    /// The sentence about the handler's methods, for errors.
    offers: String,
}

impl<R, W> LineTransport<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    fn new(input: R, output: W, offers: String) -> Self {
        let (input, output) = (Lines::new(BufReader::new(input)), Arc::new(Mutex::new(output)));
        Self {
            input,
            output,
            started: false,
            has_batches: false,
            batches: PendingBatches::default(),
            queue: VecDeque::new(),
            writing: None,
            offers,
        }
    }

    /// Writes a line in a task of its own: rmcp drops the future of `receive` at any time, which must not cut a line
    /// off.
    fn write(&mut self, line: Vec<u8>) {
        self.writing = Some(tokio::spawn(write_line(self.output.clone(), line)));
    }

    /// Returns the message in a line, or `None` if it needs no handler. The requests of a batch go to the queue.
    fn parse(&mut self, line: &[u8]) -> Result<Option<ClientJsonRpcMessage>, Refusal> {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii();
        if line.is_empty() {
            return Ok(None);
        }
        let mut message = json::read(line)?;
        if let Value::Array(messages) = message {
            self.queue_batch(messages)?;
            return Ok(self.queue.pop_front());
        }
        let envelope = envelope::check(&mut message)?;
        match envelope.kind {
            // The server sends no requests.
            Kind::Response => Ok(None),
            Kind::Notification if !self.started => Ok(None),
            Kind::Notification => {
                if envelope.method == "notifications/cancelled" {
                    self.leave_batch(&message["params"]["requestId"]);
                }
                Ok(ClientJsonRpcMessage::deserialize(message).ok())
            }
            Kind::Request => {
                self.check_order(&envelope, &message)?;
                ClientJsonRpcMessage::deserialize(message).map(Some).map_err(|_| unknown_form(envelope.id))
            }
        }
    }

    fn queue_batch(&mut self, messages: Vec<Value>) -> Result<(), Refusal> {
        if !self.has_batches {
            let text = "only protocol version 2025-03-26 has batches; send one message in each line";
            return Err(Refusal::invalid_request(Value::Null, text));
        }
        batch::check_length(&messages)?;
        let (mut batch, mut requests) = (Batch::new(messages), Vec::new());
        while let Some(request) = batch.next_request() {
            let id = request["id"].clone();
            match (RequestId::deserialize(&id), ClientJsonRpcMessage::deserialize(request)) {
                (Ok(id), Ok(message)) => {
                    requests.push(id);
                    self.queue.push_back(message);
                }
                _ => batch.push(&unknown_form(id).to_message()),
            }
        }
        if let Some(array) = self.batches.add(batch, requests) {
            self.write(array);
        }
        Ok(())
    }

    /// Removes a cancelled request from its batch, because rmcp sends no response to it.
    fn leave_batch(&mut self, id: &Value) {
        let array = RequestId::deserialize(id).ok().and_then(|id| self.batches.complete(&id, None));
        if let Some(array) = array {
            self.write(array);
        }
    }

    /// Checks that a client without per-request versions begins with its handshake.
    fn check_order(&mut self, envelope: &Envelope, message: &Value) -> Result<(), Refusal> {
        let has_own_version = envelope::own_version(message).is_some();
        self.started |= envelope.method == "initialize" || has_own_version && envelope.method != "server/discover";
        if self.started || has_own_version || ["ping", "server/discover"].contains(&envelope.method.as_str()) {
            return Ok(());
        }
        let text = "send initialize first, or the `_meta` fields of protocol version 2026-07-28 in every request";
        Err(Refusal::invalid_request(envelope.id.clone(), text))
    }
}

impl<R, W> Transport<RoleServer> for LineTransport<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        mut message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let id = match &mut message {
            ServerJsonRpcMessage::Error(error) => {
                explain_unknown_method(&mut error.error, &self.offers);
                error.id.clone()
            }
            ServerJsonRpcMessage::Response(response) => {
                if let ServerResult::InitializeResult(result) = &response.result {
                    self.has_batches = result.protocol_version == ProtocolVersion::V_2025_03_26;
                }
                Some(response.id.clone())
            }
            _ => None,
        };
        let line = match id.filter(|id| self.batches.contains(id)) {
            Some(id) => {
                let response = serde_json::to_value(&message);
                response.map(|response| self.batches.complete(&id, Some(&response)))
            }
            None => serde_json::to_vec(&message).map(Some),
        };
        let output = self.output.clone();
        async move {
            match line? {
                Some(line) => write_line(output, line).await,
                None => Ok(()),
            }
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if let Some(writing) = &mut self.writing {
                writing.await.ok()?.ok()?;
                self.writing = None;
            }
            if let Some(message) = self.queue.pop_front() {
                return Some(message);
            }
            let line = self.input.next().await.unwrap_or_else(|error| {
                tracing::warn!(target: targets::SERVE, %error, "cannot read standard input");
                None
            });
            let parsed = match line? {
                Line::Complete(line) => self.parse(&line),
                Line::TooLong => {
                    let text = format!("a line has more than {MAX_LINE_BYTES} bytes");
                    Err(Refusal::invalid_request(Value::Null, text))
                }
            };
            match parsed {
                Ok(None) => {}
                Ok(Some(message)) => return Some(message),
                Err(refusal) => self.write(refusal.to_message().to_string().into_bytes()),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.lock().await.shutdown().await
    }
}

fn unknown_form(id: Value) -> Refusal {
    Refusal::invalid_request(id, "the message has none of the forms that MCP defines")
}

async fn write_line<W: AsyncWrite + Unpin>(output: Arc<Mutex<W>>, mut line: Vec<u8>) -> io::Result<()> {
    line.push(b'\n');
    let mut output = output.lock().await;
    output.write_all(&line).await?;
    output.flush().await
}
