// SPDX-License-Identifier: Apache-2.0
//! Renders the queue's tasks: slots, lanes, and the watch over what they leave in their state folders.

pub mod inhibit;
pub mod lane;
pub mod log;
pub mod process;
