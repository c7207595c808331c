// SPDX-License-Identifier: Apache-2.0
//! How many lanes a job has, and where each is at home.

use crate::frames::FrameSet;

/// The most lanes of a job that nobody watches.
///
/// With the last lane they are ten tasks, so that one that fails for good is 10 % of them, at which Flamenco fails the
/// job; with more it would leave the job active for ever.
pub const MOST_LANES_UNWATCHED: usize = 9;

/// What the number of lanes depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneNeeds {
    /// Workers, or slots, that can be running, those to come included.
    pub workers: usize,
    /// Whether the local farm, a companion or a watcher follows the job to its end.
    pub is_watched: bool,
    /// Whether the scene has a simulation that is not baked: out of order its frames render wrong.
    pub has_unbaked_simulation: bool,
}

/// The number of lanes to plan: at least one.
pub fn lane_count(needs: LaneNeeds) -> usize {
    match needs {
        LaneNeeds {
            has_unbaked_simulation: true,
            ..
        } => 1,
        LaneNeeds {
            workers,
            is_watched: true,
            ..
        } => workers.max(1),
        LaneNeeds {
            workers,
            is_watched: false,
            ..
        } => workers.clamp(1, MOST_LANES_UNWATCHED),
    }
}

/// The home chunk of each of `lanes` lanes, or of one per frame where there are fewer frames: together all frames, none
/// empty, of about one size. The right number of lanes is [`lane_count`]'s.
pub fn plan_lanes(frames: &FrameSet, lanes: usize) -> Vec<FrameSet> {
    frames.split_into(lanes.max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEEDS: LaneNeeds = LaneNeeds {
        workers: 16,
        is_watched: true,
        has_unbaked_simulation: false,
    };

    #[test]
    fn there_are_as_many_lanes_as_workers_can_be_running() {
        assert_eq!(lane_count(NEEDS), 16);
        assert_eq!(
            lane_count(LaneNeeds {
                workers: 0,
                ..NEEDS
            }),
            1
        );
    }

    #[test]
    fn a_job_that_nobody_watches_has_nine_lanes_at_most() {
        assert_eq!(
            lane_count(LaneNeeds {
                is_watched: false,
                ..NEEDS
            }),
            9
        );
        assert_eq!(
            lane_count(LaneNeeds {
                is_watched: false,
                workers: 3,
                ..NEEDS
            }),
            3
        );
    }

    #[test]
    fn an_unbaked_simulation_has_one_lane() {
        assert_eq!(
            lane_count(LaneNeeds {
                has_unbaked_simulation: true,
                ..NEEDS
            }),
            1
        );
    }

    #[test]
    fn chunks_follow_each_other() {
        let frames: FrameSet = "1-40".parse().expect("frames");
        let lanes: Vec<String> = plan_lanes(&frames, 2)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(lanes, ["1-20", "21-40"]);
        assert_eq!(plan_lanes(&frames, 0), [frames]);
    }

    proptest! {
        #[test]
        fn chunks_hold_every_frame_once_and_differ_by_one_at_most(
            frames in proptest::collection::btree_set(-500_i32..500, 1..200),
            workers in 0_usize..40,
        ) {
            let set = FrameSet::from_frames(frames.iter().copied());
            let lanes = plan_lanes(&set, workers);
            prop_assert_eq!(lanes.len(), workers.clamp(1, frames.len()));
            prop_assert_eq!(lanes.iter().flat_map(FrameSet::iter).collect::<Vec<_>>(), frames.into_iter().collect::<Vec<_>>());
            let sizes: Vec<u64> = lanes.iter().map(FrameSet::len).collect();
            let (least, most) = (sizes.iter().min(), sizes.iter().max());
            prop_assert!(most.zip(least).is_some_and(|(most, least)| *least >= 1 && most - least <= 1));
        }
    }
}
