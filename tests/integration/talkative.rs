// SPDX-License-Identifier: Apache-2.0
//! A small farm that tells of changes by itself, as a Manager of version 3.9 does, or in ways that no Manager should.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::farm_server::{Farm, wire};

/// How the farm behaves towards one who wants to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As a Manager does.
    Fair,
    /// Has no stream.
    Without,
    /// Takes the connection and never answers.
    Silent,
    /// Answers that it switches, to something else.
    Switches,
    /// Opens the websocket, and then says nothing.
    Mute,
    /// Never answers to a subscription.
    Deaf,
    /// Refuses each subscription.
    Refusing,
    /// Speaks, but not this language.
    Garbage,
    /// Sends bytes that are no text.
    Binary,
    /// Begins a message and ends the connection.
    Half,
    /// Begins a message and never goes on.
    Stuck,
    /// Announces a message larger than memory.
    Huge,
    /// Closes as soon as it has greeted.
    Closing,
}

const OPENED: &str =
    r#"0{"sid":"KPzkYhPW1hVdhIiUKlqC","upgrades":[],"pingInterval":30000,"pingTimeout":60000}"#;

/// A farm that answers by a function, and tells what it is made to tell.
pub struct Talkative {
    pub url: String,
    pub farm: Farm,
    told: broadcast::Sender<String>,
    hung_up: broadcast::Sender<()>,
    heads: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl Talkative {
    /// In front of a farm that answers all other calls; who listens is treated in that manner.
    pub async fn before(farm: Farm, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target: SocketAddr = farm.url.trim_start_matches("http://").parse().unwrap();
        let (told, hung_up) = (broadcast::channel(64).0, broadcast::channel(1).0);
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (words, ends, log) = (told.clone(), hung_up.clone(), Arc::clone(&heads));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (words, ends, log) = (words.subscribe(), ends.subscribe(), Arc::clone(&log));
                tokio::spawn(async move {
                    let head = peeked(&stream).await;
                    if head.contains(" /socket.io/?") || head.contains("/socket.io/?EIO=3") {
                        log.lock().unwrap().push(head);
                        converse(stream, manner, words, ends).await;
                    } else if let Ok(mut further) = TcpStream::connect(target).await {
                        let _ = copy_bidirectional(&mut stream, &mut further).await;
                    }
                });
            }
        })
        .abort_handle();
        Self {
            url,
            farm,
            told,
            hung_up,
            heads,
            task,
        }
    }

    /// Tells everybody who listens.
    pub fn tell(&self, text: &str) {
        let _ = self.told.send(text.to_owned());
    }

    /// Closes every stream.
    pub fn hang_up(&self) {
        let _ = self.hung_up.send(());
    }

    /// The heads of the requests for a stream.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Talkative {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The head of a request, which stays to be read.
async fn peeked(stream: &TcpStream) -> String {
    let mut buffer = vec![0; 8192];
    loop {
        let length = stream.peek(&mut buffer).await.unwrap_or_default();
        let head = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if length == 0 || head.contains("\r\n\r\n") {
            return head;
        }
        tokio::task::yield_now().await;
    }
}

async fn converse(
    mut stream: TcpStream,
    manner: Manner,
    mut words: broadcast::Receiver<String>,
    mut ends: broadcast::Receiver<()>,
) {
    let refusal = match manner {
        Manner::Silent => return std::future::pending().await,
        Manner::Without => wire("404 Not Found", r#"{"message":"Not Found"}"#),
        Manner::Switches => {
            let head = "101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tea";
            wire(head, "")
        }
        _ => String::new(),
    };
    if !refusal.is_empty() {
        let mut buffer = vec![0; 8192];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(refusal.as_bytes()).await;
        return;
    }
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    if manner != Manner::Mute {
        let _ = socket.send(Message::text(OPENED)).await;
        let _ = socket.send(Message::text("40")).await;
    }
    let raw: &[u8] = match manner {
        Manner::Garbage => {
            let _ = socket.send(Message::text("{\"hello\": 1}")).await;
            b""
        }
        Manner::Binary => {
            let _ = socket.send(Message::binary(vec![0, 159, 146, 150])).await;
            b""
        }
        // A text of 126 bytes and more, whose length is said, and two of them.
        Manner::Half | Manner::Stuck => b"\x81\x7e\x01\x0042",
        Manner::Huge => b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff42[",
        _ => b"",
    };
    let _ = socket.get_mut().write_all(raw).await;
    if matches!(manner, Manner::Half | Manner::Closing) {
        let _ = socket.get_mut().shutdown().await;
        return;
    }
    loop {
        let said = tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => answer(&text, manner),
                Some(Ok(_)) => None,
                _ => return,
            },
            Ok(text) = words.recv() => Some(text),
            _ = ends.recv() => {
                let _ = socket.close(None).await;
                return;
            }
        };
        if let Some(said) = said {
            let _ = socket.send(Message::text(said)).await;
        }
    }
}

fn answer(text: &str, manner: Manner) -> Option<String> {
    if text == "2" {
        return Some("3".to_owned());
    }
    let request = text.strip_prefix("42")?;
    let number: String = request.chars().take_while(char::is_ascii_digit).collect();
    match manner {
        Manner::Deaf | Manner::Mute | Manner::Stuck => None,
        Manner::Refusing => Some(format!(
            "43{number}[\"unknown subscription type, ignoring request\"]"
        )),
        _ => Some(format!("43{number}[\"ok\"]")),
    }
}
