// SPDX-License-Identifier: Apache-2.0
//! The one integration binary; each module is a file beside this one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "clippy.toml allows these in tests, but sees a test only in the function under #[test], not in its helpers"
)]

mod blend_facts;
mod cli;
mod client_at_a_farm;
#[cfg(all(unix, feature = "companion"))]
mod companion;
mod contract;
mod damaged;
mod events;
mod farm_access;
mod farm_faults;
mod farm_server;
mod farms_command;
mod gateways;
mod house;
mod local_farm;
mod replay;
mod rewriting;
#[cfg(unix)]
mod share;
mod talkative;
mod tracing;
mod watching;
