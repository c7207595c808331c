// SPDX-License-Identifier: Apache-2.0
//! Lanes: how the frames of a job are shared out so that none is lost.
//!
//! `docs/lanes.md` is the contract. This module holds its files ([`job`], [`claim`], [`record`], [`progress`],
//! [`files`]).

pub mod claim;
pub mod error;
pub mod files;
pub mod progress;
pub mod record;

pub use claim::Claim;
pub use error::LanesError;
pub use progress::{
    FailedFrameSummary, FrameInWork, JobProgress, LaneProgress, SecondsLeft, Stage,
};
pub use record::{FailReason, FailedFrame, FrameRecord, Output};
