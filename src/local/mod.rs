// SPDX-License-Identifier: Apache-2.0
//! The farm on this computer: one process on 127.0.0.1 that answers the Flamenco v3 API, keeps its jobs in SQLite and
//! renders with the Blender that is installed here.

pub mod blender;
pub mod store;
pub mod transitions;
pub mod worker;
