//! The stand-in for the other service. It counts the requests, and does not recognize a repeated one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The service. It ends with the test's runtime.
pub(crate) struct StandIn {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    runs: Mutex<HashMap<String, u32>>,
    described: Mutex<HashMap<String, u32>>,
    hangs: AtomicBool,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, serving.clone()));
            }
        });
        Self { url, shared }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lets every later run execute without a response.
    pub(crate) fn hang(&self) {
        self.shared.hangs.store(true, Ordering::SeqCst);
    }

    /// Returns the number of runs of a step.
    pub(crate) fn runs(&self, step: &str) -> u32 {
        self.shared.runs.lock().unwrap().get(step).copied().unwrap_or_default()
    }

    /// Returns the number of requests for the description of a step.
    pub(crate) fn described(&self, step: &str) -> u32 {
        self.shared.described.lock().unwrap().get(step).copied().unwrap_or_default()
    }

    /// Waits until a step runs.
    pub(crate) async fn wait_for_run(&self, step: &str) {
        while self.runs(step) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Serves one request. The requests of the tests have no body, so their head ends with the first read.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut head = vec![0; 4096];
    let length = stream.read(&mut head).await.unwrap_or_default();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let step = path.trim_start_matches("/steps/").to_owned();
    let count = |counts: &Mutex<HashMap<String, u32>>| {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(step.clone()).or_default();
        *count += 1;
        *count
    };
    let (status, body) = match method {
        _ if step == "unknown" => ("404 Not Found", String::new()),
        "GET" => {
            count(&shared.described);
            ("200 OK", format!("about {step}"))
        }
        _ => ("200 OK", format!("receipt {} of {step}", count(&shared.runs))),
    };
    if method == "POST" && shared.hangs.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let length = body.len();
    let response = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(response.as_bytes()).await.ok();
}
