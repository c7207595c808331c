// SPDX-License-Identifier: Apache-2.0
//! The one composer of a submission: from a scene file and a wish to a job on a farm.
//!
//! [`inspect()`] reads the file, [`prepare()`] checks it and puts the job together, [`submit()`] sends it. Nothing here knows
//! of a terminal or of Python; the command and the library both go this way.

mod blender;
mod environment;
mod error;
mod event;
mod existing;
mod fit;
mod inspect;
mod manager;
mod order;
mod place;
mod prepare;
mod request;
mod share;
mod site;
mod staging;
mod stock;
mod submission;
mod submit;

pub use environment::{Environment, FarmKind, user_name};
pub use error::JobError;
pub use event::{Event, Listener, Stage, no_events};
pub use fit::INSTALL as INSTALL_THE_JOB_TYPE;
pub use inspect::{Inspected, inspect};
pub use manager::{LaneType, ManagerFacts};
pub use prepare::{Overview, Prepared, prepare};
pub use request::{Existing, JobRequest};
pub use site::{ask_site, rules_of_settings};
pub use staging::is_writable;
pub use submission::{OUTPUT_KEY, VERSION_KEY};
pub use submit::submit;
