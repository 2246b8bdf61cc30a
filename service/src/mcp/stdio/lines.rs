//! Lines of bounded length from a stream.

use std::{io, mem};

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// The longest line, in bytes: rmcp's own limit on stdio. No message of the tools comes near it.
pub(super) const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// The lines of a stream.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// The line is too long. Its rest is skipped.
    skipping: bool,
}

/// A line that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Complete(Vec<u8>),
    TooLong,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: Vec::new(), skipping: false }
    }

    /// Returns the next line without its end, or `None` at the end of the stream. A last line needs no line feed.
    ///
    /// Cancel safe: a line that was read in part is completed by the next call.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                let last = mem::take(&mut self.line);
                return Ok((!last.is_empty()).then_some(Line::Complete(last)));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(available.len());
            if self.skipping || self.line.len() + taken > MAX_LINE_BYTES {
                self.skipping = true;
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(&available[..taken]);
            }
            self.input.consume(end.map_or(taken, |end| end + 1));
            if end.is_some() {
                let line = mem::take(&mut self.line);
                return Ok(Some(if mem::take(&mut self.skipping) { Line::TooLong } else { Line::Complete(line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_end_at_a_line_feed_or_the_end() {
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        let text = [b"a\n\n", long.as_slice(), b"\nb\nlast"].concat();
        let mut lines = Lines::new(tokio::io::BufReader::new(text.as_slice()));
        let complete = |text: &str| Some(Line::Complete(text.into()));
        for expected in [complete("a"), complete(""), Some(Line::TooLong), complete("b"), complete("last"), None] {
            assert!(lines.next().await.unwrap() == expected);
        }
    }
}
