//! The table behind a socket, for servers in processes of their own.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::TestTable;

/// A table that listens on loopback until it is dropped.
#[derive(Debug)]
pub struct TableEndpoint {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl TestTable {
    /// Serves the table on a free port of loopback. Servers that run as processes use it with
    /// `MCP_STATE_BACKEND=dynamodb` and `AWS_ENDPOINT_URL_DYNAMODB`.
    ///
    /// # Errors
    /// The system's error if loopback has no free port.
    pub async fn listen(&self) -> io::Result<TableEndpoint> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, table) = (listener.local_addr()?, self.clone());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, table.clone()));
            }
        });
        Ok(TableEndpoint { address, serving })
    }
}

impl TableEndpoint {
    /// Returns the address: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for TableEndpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(stream: TcpStream, table: TestTable) {
    let service = service_fn(move |request| respond(table.clone(), request));
    // An error closes the connection: the client ended it, or a fault broke it.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn respond(table: TestTable, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request::from_parts(head, SdkBody::from(body));
    let request = HttpRequest::try_from(request).map_err(io::Error::other)?;
    // A request is executed even if its client disconnects.
    let executed = tokio::spawn(async move { table.call(request).await });
    let response: orchestrator::HttpResponse = executed.await?.map_err(io::Error::other)?;
    let body = Bytes::copy_from_slice(response.body().bytes().unwrap_or_default());
    let json =
        Response::builder().status(response.status().as_u16()).header("content-type", "application/x-amz-json-1.0");
    json.body(Full::new(body)).map_err(io::Error::other)
}
