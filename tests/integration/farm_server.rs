// SPDX-License-Identifier: Apache-2.0
//! Small farms for tests: one that answers by a function, and one that misbehaves on the wire.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use farmhand::farm::{Client, ClientOptions};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer to give.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, value: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            status,
            headers,
            body: serde_json::to_vec(value).unwrap(),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// A farm that answers by a function and keeps what it was asked.
pub struct Farm {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: AbortHandle,
}

impl Farm {
    pub async fn start(
        answer: impl Fn(&Received) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (path, body) = (uri.path().to_owned(), body.to_vec());
            let request = Received {
                method: method.to_string(),
                path,
                headers,
                body,
            };
            let reply = answer(&request);
            log.lock().unwrap().push(request);
            let mut response = Response::new(Body::from(reply.body));
            *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
            for (name, value) in reply.headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            async move { response }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = axum::serve(listener, Router::new().fallback(handler));
        let task = tokio::spawn(async move { serving.await.unwrap() }).abort_handle();
        Self {
            url,
            received,
            task,
        }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn count(&self, method: &str, path: &str) -> usize {
        let is_it = |request: &&Received| request.method == method && request.path == path;
        self.received.lock().unwrap().iter().filter(is_it).count()
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a misbehaving farm does with one connection, once the request's head has come.
#[derive(Clone, Debug)]
pub enum Act {
    /// Nothing, for ever.
    Silence,
    /// Ends the connection.
    Cut,
    /// Sends these bytes, then ends the connection.
    Send(String),
    /// Sends these bytes, then nothing.
    SendAndHold(String),
    /// Begins an answer, then a byte at a time without end.
    Drip,
    /// Begins an answer, then all that the connection takes, without end.
    Flood,
}

/// A farm on the wire; connection after connection does the next act, the last one for all further ones.
pub struct WireFarm {
    pub url: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl WireFarm {
    pub async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let act = acts[turn.min(acts.len() - 1)].clone();
                turn += 1;
                tokio::spawn(perform(stream, act, Arc::clone(&log)));
            }
        })
        .abort_handle();
        Self { url, heads, task }
    }

    /// The first line of each request that came, in order.
    pub fn asked(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        let line = |head: &String| head.lines().next().unwrap().replace(" HTTP/1.1", "");
        heads.iter().map(line).collect()
    }
}

impl Drop for WireFarm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn perform(mut stream: TcpStream, act: Act, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => head.extend_from_slice(&buffer[..length]),
        }
    }
    heads
        .lock()
        .unwrap()
        .push(String::from_utf8_lossy(&head).into_owned());
    match act {
        Act::Silence => std::future::pending().await,
        Act::Cut => {}
        Act::Send(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Act::SendAndHold(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Act::Flood => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .await;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
        Act::Drip => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                .await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// An answer on the wire.
pub fn wire(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A client with little patience.
pub fn client(url: &str) -> Client {
    Client::new(&hasty(url)).unwrap()
}

/// Options with little patience.
pub fn hasty(url: &str) -> ClientOptions {
    let mut options = ClientOptions::new(url);
    options.timeout = Duration::from_millis(400);
    options.submit_timeout = Duration::from_millis(400);
    options
}

/// Waits until the condition holds; fails after a long time.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(
            std::time::Instant::now() < deadline,
            "it never came about: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
