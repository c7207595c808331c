// SPDX-License-Identifier: Apache-2.0
//! The Flamenco client: what the Manager's API says, and how to ask it.
//!
//! [`Client`] has one method for each call, in one file of `calls/` per topic; [`models`] holds the shapes, which the
//! local farm answers in as well; [`FarmError`] is the one place where transport errors and refusals become ours.

mod address;
mod calls;
mod client;
mod connection;
mod credentials;
mod error;
mod events;
pub mod job_type;
pub mod models;
mod options;
mod patience;
mod secret;
mod transport;

pub use calls::{PictureSize, SUBMISSION_ID_KEY, checked_id, this_platform};
pub use client::{Client, Part, Repeat};
pub use connection::prepare_cryptography;
pub use credentials::Credentials;
pub use error::FarmError;
pub use events::{Event, EventStream, Topic};
pub use options::{ClientOptions, Proxy};
pub use secret::{Secret, is_same_secret};
