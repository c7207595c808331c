// SPDX-License-Identifier: Apache-2.0
//! The farm on this computer: one process on 127.0.0.1 that answers the Flamenco v3 API, keeps its jobs in `SQLite` and
//! renders with the Blender that is installed here.
//!
//! [`server`] answers, [`store`] remembers, [`worker`] renders, [`watch`] sees what the lanes leave behind.

pub mod blender;
mod call;
pub mod compile;
mod deleted;
mod error;
mod life;
mod note;
mod renderer;
mod serve;
pub mod server;
pub mod state;
pub mod store;
pub mod token;
pub mod transitions;
pub mod watch;
pub mod worker;

pub use error::LocalError;
pub use life::{LocalFarm, StartOptions, address, find, start, stop};
pub use note::ServerNote;
pub use renderer::{renderer_in_cache, renderer_source};
pub use serve::{ServeOptions, serve};
pub use server::Health;
