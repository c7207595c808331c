// SPDX-License-Identifier: Apache-2.0
//! The stream itself: opened, asked for topics, kept alive.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::packet::{self, Event, PING, Packet};
use super::upgrade::{Socket, upgrade};
use crate::farm::client::Client;
use crate::farm::error::FarmError;

/// A stream that is lost without a word is noticed after this time and the client's own patience, whatever the farm would allow.
const PING_EVERY: Duration = Duration::from_secs(10);
const SHORTEST_PING: Duration = Duration::from_secs(1);

/// What may be told before a farm has answered to a subscription.
const MAX_EARLY: usize = 1024;

/// What one wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Every job that is new, changes or goes.
    AllJobs,
    /// Every worker that is new, changes or goes.
    AllWorkers,
}

impl Topic {
    /// The topic's name in a subscription (`SocketIOSubscriptionType`).
    fn word(self) -> &'static str {
        match self {
            Self::AllJobs => "allJobs",
            Self::AllWorkers => "allWorkers",
        }
    }
}

/// What a farm tells, as it happens. No wait on it is without a limit; what was told while it was away is lost.
pub struct EventStream {
    socket: Socket,
    /// For messages.
    url: String,
    ping_every: Duration,
    /// How long an answer may take.
    patience: Duration,
    heard: Instant,
    pinged: Instant,
    requests: u64,
    /// Told before it was asked for.
    early: VecDeque<Event>,
}

impl Client {
    /// Opens the farm's stream of events. It tells of nothing before [`EventStream::subscribe`].
    ///
    /// # Errors
    /// [`FarmError::is_offline`] where the farm is away; any other where it has no such stream, or a proxy before it lets
    /// none through.
    pub async fn events(&self) -> Result<EventStream, FarmError> {
        let (request, url) = self.stream_request(
            &["socket.io", ""],
            &[("EIO", "3"), ("transport", "websocket")],
        )?;
        let patience = self.timeout();
        let opening = async {
            let socket = upgrade(request, &url, patience).await?;
            let now = Instant::now();
            let mut stream = EventStream {
                socket,
                url: url.clone(),
                ping_every: PING_EVERY,
                patience,
                heard: now,
                pinged: now,
                requests: 0,
                early: VecDeque::new(),
            };
            stream.open().await?;
            Ok(stream)
        };
        timeout(patience, opening)
            .await
            .unwrap_or_else(|_| Err(too_late(patience, &url)))
    }
}

impl EventStream {
    /// Asks to be told of a topic, and waits until the farm has taken note: what happens after that is told.
    pub async fn subscribe(&mut self, topic: Topic) -> Result<(), FarmError> {
        let number = self.requests;
        self.requests += 1;
        self.send(packet::subscription(number, topic.word()))
            .await?;
        let ends = Instant::now() + self.patience;
        loop {
            let heard = timeout_at(ends, self.hear());
            let heard = heard
                .await
                .map_err(|_| too_late(self.patience, &self.url))??;
            match heard {
                Some(Packet::Event(event)) if self.early.len() < MAX_EARLY => {
                    self.early.push_back(event);
                }
                Some(Packet::Event(_)) => {
                    return Err(self.odd("it answers to no subscription".to_owned()));
                }
                Some(Packet::Answer { number: of, said }) if of == number => {
                    return if said == json!(["ok"]) {
                        Ok(())
                    } else {
                        Err(self.odd(format!("it refuses a subscription: {said}")))
                    };
                }
                _ => {}
            }
        }
    }

    /// Waits for the next event. May be dropped and called again.
    ///
    /// # Errors
    /// The stream is lost, and with it whatever happens until another is open.
    pub async fn next(&mut self) -> Result<Event, FarmError> {
        loop {
            if let Some(event) = self.early.pop_front() {
                return Ok(event);
            }
            if let Some(Packet::Event(event)) = self.hear().await? {
                return Ok(event);
            }
        }
    }

    /// The farm begins by saying how often it wants to hear from us.
    async fn open(&mut self) -> Result<(), FarmError> {
        loop {
            match self.hear().await? {
                Some(Packet::Open(rhythm)) => {
                    self.ping_every = rhythm.ping_every.clamp(SHORTEST_PING, PING_EVERY);
                    return Ok(());
                }
                Some(Packet::Event(_) | Packet::Answer { .. }) => {
                    return Err(self.odd("it speaks before it greets".to_owned()));
                }
                _ => {}
            }
        }
    }

    /// Waits for a packet, or until it is time for a ping.
    async fn hear(&mut self) -> Result<Option<Packet>, FarmError> {
        let silence_ends = self.heard + self.ping_every + self.patience;
        let message = tokio::select! {
            message = self.socket.next() => message,
            () = sleep_until(self.pinged + self.ping_every) => {
                self.pinged = Instant::now();
                self.send(PING.to_owned()).await?;
                return Ok(None);
            }
            () = sleep_until(silence_ends) => return Err(too_late(self.patience, &self.url)),
        };
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.heard = Instant::now();
                return Ok(None);
            }
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                return Err(self.odd("a message that is no text".to_owned()));
            }
            Some(Ok(Message::Close(_))) | None => return Err(self.lost("the farm closed it")),
            Some(Err(error)) => return Err(self.lost(&error.to_string())),
        };
        self.heard = Instant::now();
        match packet::read(&text).map_err(|reason| self.odd(reason))? {
            Packet::Close => Err(self.lost("the farm closed it")),
            Packet::Ping(asked) => {
                self.send(packet::pong(&asked)).await?;
                Ok(None)
            }
            packet => Ok(Some(packet)),
        }
    }

    async fn send(&mut self, text: String) -> Result<(), FarmError> {
        let sending = self.socket.send(Message::text(text));
        match timeout(self.patience, sending).await {
            Ok(sent) => sent.map_err(|error| self.lost(&error.to_string())),
            Err(_) => Err(too_late(self.patience, &self.url)),
        }
    }

    fn lost(&self, reason: &str) -> FarmError {
        FarmError::Interrupted {
            reason: reason.to_owned(),
            url: self.url.clone(),
        }
    }

    fn odd(&self, reason: String) -> FarmError {
        FarmError::BadAnswer {
            reason,
            url: self.url.clone(),
        }
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EventStream")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

fn too_late(patience: Duration, url: &str) -> FarmError {
    FarmError::Timeout {
        timeout_secs: patience.as_secs_f64(),
        url: url.to_owned(),
    }
}
