// SPDX-License-Identifier: Apache-2.0
//! How a job is cut, and how long it will still take. Pure functions: what they need to know they are told.
//!
//! | file | what it plans |
//! |---|---|
//! | `lanes` | how many lanes, and the home chunk of each |
//! | `estimate` | the time that is left, as an honest range |
//! | `chunk` | the best single chunk size, for a farm that knows no lanes |

mod chunk;
mod estimate;
mod lanes;

pub use chunk::{ChunkNeeds, best_chunk_size, best_chunk_size_by_costs};
pub use estimate::{
    FinishedFrame, Remaining, RunningFrame, SecondsRange, Work, estimate, work_left,
};
pub use lanes::{LaneNeeds, MOST_LANES_UNWATCHED, lane_count, plan_lanes};
