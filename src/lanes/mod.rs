// SPDX-License-Identifier: Apache-2.0
//! Lanes: how the frames of a job are shared out so that none is lost.
//!
//! `docs/lanes.md` is the contract. This module holds its files ([`job`], [`claim`], [`record`], [`progress`],
//! [`film`], [`files`]), its rules as one pure transition function ([`rules`]), the order of frames ([`order`]),
//! and what a state folder says of a job ([`state`], [`reader`]).

pub mod claim;
pub mod error;
#[cfg(test)]
mod exploration;
pub mod files;
pub mod film;
pub mod job;
pub mod leftovers;
pub mod order;
pub mod progress;
pub mod reader;
pub mod record;
pub mod replay;
pub mod rules;
#[cfg(test)]
mod sharing;
pub mod state;

pub use claim::Claim;
pub use error::LanesError;
pub use film::{FilmFile, FilmProgress, FilmRequest, FilmStatus, ask_for_film_again};
pub use job::{
    Denoise, Device, JOB_FORMAT, JobDescription, JobSettings, MissingFiles, Order, PersistentData,
};
pub use leftovers::Leftovers;
pub use progress::{
    FailedFrameSummary, FrameInWork, JobProgress, LaneProgress, SecondsLeft, Stage,
};
pub use reader::{FrameTimes, ProgressReader};
pub use record::{FailReason, FailedFrame, FrameRecord, Output, RECORD_FORMAT};
pub use state::{FrameState, frame_records, frame_state, retry_failed};
