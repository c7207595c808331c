// SPDX-License-Identifier: Apache-2.0
//! The one composer of a submission: from a scene file and a wish to a job on a farm.
//!
//! [`inspect()`] reads the file, [`prepare()`] checks it and puts the job together, [`submit()`] sends it. Nothing here knows
//! of a terminal or of Python; the command and the library both go this way.

mod environment;
mod error;
mod event;
mod existing;
mod inspect;
mod order;
mod place;
mod prepare;
mod request;
mod staging;
mod submit;

pub use environment::{Environment, FarmKind};
pub use error::JobError;
pub use event::{Event, Listener, Stage, no_events};
pub use inspect::{Inspected, inspect};
pub use prepare::{JOB_TYPE, OUTPUT_KEY, Overview, Prepared, VERSION_KEY, prepare};
pub use request::{Existing, JobRequest};
pub use staging::is_writable;
pub use submit::submit;
