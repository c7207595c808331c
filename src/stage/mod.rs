// SPDX-License-Identifier: Apache-2.0
//! What goes where, so that workers find everything that a scene needs.
//!
//! On a share nothing is copied: a [`Site`] says where workers see what this computer sees, and [`plan()`] which files lie
//! outside. Only .blend files whose absolute paths mean nothing to workers are written once more, into the job's own
//! folder and with other paths in them, by [`write_copies`]. The files of the artist are only read.

mod copies;
mod error;
mod share;
mod site;

pub use copies::{Copy, write_copies};
pub use error::StageError;
pub use share::{Outside, SharePlan, plan};
pub use site::{KnownWorker, Site, WorkerPath, platforms_of};
