// SPDX-License-Identifier: Apache-2.0
//! The Flamenco client: what the Manager's API says, and how to ask it.

pub mod models;
