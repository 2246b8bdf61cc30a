//! A connection's socket: limits the time of a write, reports the first byte of a head, and closes in stages.

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep_until},
};
use tokio_io_timeout::TimeoutWriter;

use super::{activity::Activity, discard::Discard};
use crate::telemetry::targets;

pub(super) struct Socket {
    /// Boxed, because hyper moves the socket and the timer cannot move.
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    activity: Arc<Activity>,
    client_closed: bool,
    closing: Closing,
}

enum Closing {
    Open,
    /// The server's side is closed. Bytes of the client are discarded until it closes its side.
    HalfClosed(Discard, Pin<Box<Sleep>>),
    Done,
}

impl Socket {
    /// Sets up the socket. A client that stops reading is disconnected after `write_timeout`, because its
    /// response would stay in memory.
    pub(super) fn new(stream: TcpStream, write_timeout: Duration, activity: Arc<Activity>) -> Self {
        // Responses are small and complete, so waiting for more data to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(target: targets::LISTENER, %error, "cannot set TCP_NODELAY");
        }
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(write_timeout));
        Self { stream: Box::pin(stream), activity, client_closed: false, closing: Closing::Open }
    }

    /// Discards until the client closes its side, or until a bound is reached.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Closing::HalfClosed(discard, timer) = &mut self.closing else { return Poll::Ready(()) };
        let mut scratch = [MaybeUninit::uninit(); 16 << 10];
        loop {
            let mut buffer = ReadBuf::uninit(&mut scratch);
            match self.stream.as_mut().poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && discard.count(buffer.filled().len()) => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return timer.as_mut().poll(context),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.stream.as_mut().poll_read(context, buffer))?;
        match &buffer.filled()[before..] {
            [] => self.client_closed = buffer.remaining() > 0,
            received => self.activity.received(received),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    /// Closes the server's side, and waits within bounds for the client to close its own.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Closing::Open = self.closing {
            ready!(self.stream.as_mut().poll_shutdown(context))?;
            let discard = if self.client_closed { None } else { self.activity.discard_after_half_close() };
            self.closing = discard.map_or(Closing::Done, |discard| {
                let timer = Box::pin(sleep_until(discard.deadline()));
                Closing::HalfClosed(discard, timer)
            });
        }
        ready!(self.poll_discard(context));
        self.closing = Closing::Done;
        Poll::Ready(Ok(()))
    }
}
