// SPDX-License-Identifier: Apache-2.0
//! The Flamenco client: what the Manager's API says, and how to ask it.
//!
//! [`Client`] has one method for each call, in one file of `calls/` per topic; [`models`] holds the shapes, which the
//! local farm answers in as well; [`FarmError`] is the one place where transport errors and refusals become ours.

mod address;
mod calls;
mod client;
mod error;
pub mod models;
mod secret;
mod transport;

pub use calls::{SUBMISSION_ID_KEY, checked_id, this_platform};
pub use client::{Client, ClientOptions, Repeat};
pub use error::FarmError;
pub use secret::Secret;
