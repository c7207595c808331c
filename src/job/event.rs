// SPDX-License-Identifier: Apache-2.0
//! What a submission tells while it is under way.

use std::fmt;

use crate::check::Finding;

/// Where a submission is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The scene file is read.
    Reading,
    /// The scene is checked, and the frames that are there already are counted.
    Checking,
    /// The job's files are written beside the output.
    Staging,
    /// The job is sent to the farm.
    Sending,
    /// The farm has the job.
    Sent,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Reading => "Reading the scene",
            Self::Checking => "Checking the scene",
            Self::Staging => "Putting the job together",
            Self::Sending => "Sending the job",
            Self::Sent => "Sent",
        })
    }
}

/// Something that happened on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The submission has come to a stage.
    Stage(Stage),
    /// A check has something to say.
    Finding(Finding),
}

/// Where events go. It is called from whatever thread the work runs on, and must not block.
pub type Listener<'a> = &'a (dyn Fn(Event) + Send + Sync);

/// Listens to nothing.
pub fn no_events(_: Event) {}
