// SPDX-License-Identifier: Apache-2.0
//! Renders the queue's tasks: slots, lanes and their processes.

pub mod inhibit;
pub mod lane;
pub mod log;
pub mod process;
mod schedule;

pub use schedule::{lane_command, work};
