//! A minimal HTTP/1.1 connection with keep-alive: sends the bytes of a request, returns status and body. It
//! understands what the measured servers send and fails on anything else.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection. It reconnects if the server closed it after a response.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

/// The head of a response.
#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    length: Length,
    closes: bool,
}

#[derive(Debug, PartialEq)]
enum Length {
    Bytes(usize),
    Chunked,
    UntilClose,
}

impl Connection {
    /// Creates a connection to `address`, which is opened by the first request.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request and reads status and body of its response.
    ///
    /// # Errors
    /// The connection fails, or the response is not HTTP/1.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        self.read.clear();
        let end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
            self.more(&mut stream).await?;
        };
        let head = parse(&self.read[..end]).ok_or_else(|| invalid("invalid HTTP/1 response head"))?;
        let body = match head.length {
            Length::Bytes(length) => {
                while self.read.len() < end + length {
                    self.more(&mut stream).await?;
                }
                self.read[end..end + length].to_vec()
            }
            Length::Chunked => self.chunks(&mut stream, end).await?,
            Length::UntilClose => {
                while stream.read_buf(&mut self.read).await? > 0 {}
                self.read[end..].to_vec()
            }
        };
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok((head.status, body))
    }

    async fn more(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        match stream.read_buf(&mut self.read).await? {
            0 => Err(invalid("connection closed within a response")),
            _ => Ok(()),
        }
    }

    async fn chunks(&mut self, stream: &mut TcpStream, mut at: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(line) = find(&self.read[at..], b"\r\n") {
                    break line;
                }
                self.more(stream).await?;
            };
            let text = std::str::from_utf8(&self.read[at..at + line]).unwrap_or_default();
            let size = usize::from_str_radix(text, 16).map_err(|_| invalid("invalid chunk size"))?;
            at += line + 2;
            while self.read.len() < at + size + 2 {
                self.more(stream).await?;
            }
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&self.read[at..at + size]);
            at += size + 2;
        }
    }
}

fn parse(head: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let (version, rest) = lines.next()?.split_once(' ')?;
    let mut head =
        Head { status: rest.get(..3)?.parse().ok()?, length: Length::UntilClose, closes: version != "HTTP/1.1" };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            head.length = Length::Bytes(value.parse().ok()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            head.length = Length::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            head.closes = value.eq_ignore_ascii_case("close");
        }
    }
    head.closes |= head.length == Length::UntilClose;
    Some(head)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn exchange_all(responses: &'static [&'static str]) -> Vec<(u16, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut connection = Connection::new(listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let mut responses = responses.iter();
            while responses.len() > 0 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1];
                for response in responses.by_ref() {
                    stream.read_exact(&mut request).await.unwrap();
                    stream.write_all(response.as_bytes()).await.unwrap();
                    if !response.starts_with("HTTP/1.1") {
                        break;
                    }
                }
            }
        });
        let mut seen = Vec::new();
        for _ in responses {
            let (status, body) = connection.exchange(b"x").await.unwrap();
            seen.push((status, String::from_utf8(body).unwrap()));
        }
        server.await.unwrap();
        seen
    }

    #[tokio::test]
    async fn bodies_of_every_framing_are_read() {
        let seen = exchange_all(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            "HTTP/1.0 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.0 200 OK\r\n\r\nto the end",
        ]);
        let expected = [(200, "abc"), (200, "abc"), (400, "no"), (200, "to the end")];
        assert_eq!(seen.await, expected.map(|(status, body)| (status, body.to_owned())));
    }
}
