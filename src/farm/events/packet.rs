// SPDX-License-Identifier: Apache-2.0
//! The packets of Engine.IO 3 and Socket.IO 2, as far as a Manager uses them: text, one packet a message.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::farm::models::{JobUpdate, WorkerSummary};

/// What a farm tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A job is new, or changed.
    JobChanged(JobUpdate),
    /// The job of that id is gone.
    JobDeleted(String),
    /// A worker is new, or changed.
    WorkerChanged(WorkerSummary),
    /// The worker of that id is gone.
    WorkerDeleted(String),
}

/// One packet that came in.
#[derive(Debug, PartialEq)]
pub(super) enum Packet {
    /// The farm opens the stream.
    Open(Rhythm),
    /// The farm ends the stream.
    Close,
    /// The farm asks whether we are there, and wants this sent back.
    Ping(String),
    /// Something is told.
    Event(Event),
    /// The answer to the request of that number.
    Answer { number: u64, said: Value },
    /// Nothing that concerns us: our pings answered, namespaces joined, events of other kinds.
    Other,
}

/// How often a farm wants to hear from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Handshake")]
pub(super) struct Rhythm {
    /// The longest time between two pings.
    pub(super) ping_every: Duration,
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "pingInterval", default)]
    ping_interval_millis: u64,
}

impl From<Handshake> for Rhythm {
    fn from(handshake: Handshake) -> Self {
        Self {
            ping_every: Duration::from_millis(handshake.ping_interval_millis),
        }
    }
}

#[derive(Deserialize)]
struct Gone {
    id: String,
    #[serde(default)]
    was_deleted: bool,
    /// A time, where a worker is gone.
    #[serde(default)]
    deleted_at: Option<Value>,
}

/// What a ping of ours looks like.
pub(super) const PING: &str = "2";

/// The answer to a ping.
pub(super) fn pong(asked: &str) -> String {
    format!("3{asked}")
}

/// A request to be told of a topic, whose answer will have that number.
pub(super) fn subscription(number: u64, topic: &str) -> String {
    let request = json!(["/subscription", {"op": "subscribe", "type": topic}]);
    format!("42{number}{request}")
}

/// Reads a packet.
///
/// # Errors
/// What is wrong with it, for people. Whoever cannot read one has lost track of the farm.
pub(super) fn read(text: &str) -> Result<Packet, String> {
    let mut kinds = text.chars();
    match kinds.next() {
        Some('0') => read_json(kinds.as_str()).map(Packet::Open),
        Some('1') => Ok(Packet::Close),
        Some('2') => Ok(Packet::Ping(kinds.as_str().to_owned())),
        Some('3' | '5' | '6') => Ok(Packet::Other),
        Some('4') => match kinds.next() {
            Some('0') => Ok(Packet::Other),
            Some('1') => Ok(Packet::Close),
            Some('2') => {
                let (_, list) = numbered(kinds.as_str());
                read_event(list)
            }
            Some('3') => {
                let (number, list) = numbered(kinds.as_str());
                let number = number.ok_or("an answer without a number")?;
                let said = read_json(list)?;
                Ok(Packet::Answer { number, said })
            }
            _ => Err("a message of an unknown kind".to_owned()),
        },
        _ => Err("a packet of an unknown kind".to_owned()),
    }
}

/// The number before a list, where there is one, and the list.
fn numbered(text: &str) -> (Option<u64>, &str) {
    let list = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let number = text
        .strip_suffix(list)
        .and_then(|number| number.parse().ok());
    (number, list)
}

fn read_event(list: &str) -> Result<Packet, String> {
    let told: Vec<Value> = read_json(list)?;
    let mut told = told.into_iter();
    let Some(Value::String(name)) = told.next() else {
        return Err("an event without a name".to_owned());
    };
    let what = told.next().unwrap_or(Value::Null);
    let event = match name.as_str() {
        "/jobs" => match gone(&what)? {
            Gone {
                id,
                was_deleted: true,
                ..
            } => Event::JobDeleted(id),
            _ => Event::JobChanged(from_value(what)?),
        },
        "/workers" => match gone(&what)? {
            Gone {
                id,
                deleted_at: Some(_),
                ..
            } => Event::WorkerDeleted(id),
            _ => Event::WorkerChanged(from_value(what)?),
        },
        _ => return Ok(Packet::Other),
    };
    Ok(Packet::Event(event))
}

fn gone(what: &Value) -> Result<Gone, String> {
    Gone::deserialize(what).map_err(|error| error.to_string())
}

fn from_value<T: serde::de::DeserializeOwned>(what: Value) -> Result<T, String> {
    serde_json::from_value(what).map_err(|error| error.to_string())
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
