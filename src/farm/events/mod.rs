// SPDX-License-Identifier: Apache-2.0
//! What a Manager tells by itself: its Socket.IO stream.
//!
//! Flamenco speaks Socket.IO 2 over Engine.IO 3, by websocket alone, and leaves the pings to the client. [`EventStream`]
//! knows as much of both as that takes. `packet` reads what comes in, `upgrade` turns an answer of the HTTP client into a
//! websocket, so that TLS, proxies and credentials are those of every other call.

mod packet;
mod stream;
mod upgrade;

pub use packet::Event;
pub use stream::{EventStream, Topic};
