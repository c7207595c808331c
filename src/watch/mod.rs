// SPDX-License-Identifier: Apache-2.0
//! Watching a farm: its answers folded into snapshots in the background, and following one job to its end.
//!
//! [`Snapshot`] is a pure fold of answers; [`Watcher`] keeps one up to date and hands it out without ever waiting for the
//! network; [`Follow`] waits for one job. Both survive a farm that is away for a while. [`companion`] holds the calls that
//! only a farm with Farmhand's own part answers; without it, progress is what the job's folder tells where this computer sees
//! it ([`share`]), else what Flamenco's steps tell. [`Keeper`] does for a job what a bare Manager does not.

mod board;
mod choice;
pub mod companion;
mod follow;
pub mod gate;
mod keeper;
mod listener;
mod pace;
mod poller;
pub mod share;
mod source;
mod state;
mod view;

pub use choice::Which;
pub use follow::{Follow, FollowOptions, WatchError};
pub use keeper::{Keeper, queue_task_of};
pub use poller::{WatchOptions, Watcher};
pub use share::{LAST_LANE_TASK, ShareError, SharedJob};
pub use source::{Found, Source};
pub use state::{Answers, FarmState, Snapshot};
pub use view::{
    BLEND_FILE_KEY, JobView, OUTPUT_DIR_KEY, SCOUT_LANES_KEY, STORAGE_KEY, USER_NAME_KEY,
    progress_of_steps, scout_lanes, waits_for_approval,
};
