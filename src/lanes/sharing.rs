// SPDX-License-Identifier: Apache-2.0
//! How lanes of different speed share a job by the rules, in a time that is counted and not waited for.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::job::JobDescription;
use super::job::tests::job;
use super::order::lane_order;
use super::rules::{Counts, LaneState, Limits, Looked, Operation, Outcome, ReadClaim};

/// A share in memory, and what became of its frames.
#[derive(Default)]
struct Share {
    claims: BTreeMap<i32, usize>,
    done: BTreeSet<i32>,
    rendered: Vec<(usize, i32)>,
}

impl Share {
    /// Performs what takes no time; `None` where the lane renders, which does.
    fn perform(&mut self, lane: usize, operation: Operation) -> Option<Outcome> {
        Some(match operation {
            Operation::Look { frame } | Operation::LookAgain { frame, .. } => {
                Outcome::Looked(if self.done.contains(&frame) {
                    Looked::Done
                } else {
                    Looked::Open
                })
            }
            Operation::Create { frame } if self.claims.contains_key(&frame) => Outcome::Exists,
            Operation::Create { frame } => {
                self.claims.insert(frame, lane);
                Outcome::Created
            }
            Operation::Read { frame } => {
                assert_ne!(self.claims[&frame], lane, "a frame is tried once");
                Outcome::Read(ReadClaim::OtherLane(Counts::default()))
            }
            Operation::Publish { .. } => Outcome::Rendered(Ok(())),
            Operation::Record { frame, .. } => {
                self.done.insert(frame);
                self.rendered.push((lane, frame));
                Outcome::Finished
            }
            Operation::Render { .. } | Operation::End { .. } => return None,
            _ => Outcome::Finished,
        })
    }
}

/// Runs the ordinary lanes of a job; `cost` is the time that a frame takes on a lane. What was rendered by whom, and
/// when each lane ended.
fn run(job: &JobDescription, cost: impl Fn(usize, i32) -> u64) -> (Share, Vec<u64>) {
    let mut share = Share::default();
    let mut lanes: Vec<LaneState> = (0..job.last_lane())
        .map(|lane| LaneState::ordinary(lane_order(job, lane), Limits::default()))
        .collect();
    let mut ends = vec![0; lanes.len()];
    // When each lane that still runs has rendered its frame, and which lane that is.
    let mut rendering: BTreeSet<(u64, usize)> = (0..lanes.len()).map(|lane| (0, lane)).collect();
    while let Some((now, lane)) = rendering.pop_first() {
        let mut state = lanes[lane].clone();
        if matches!(state.operation(), Operation::Render { .. }) {
            state = state.advance(Outcome::Rendered(Ok(()))).unwrap();
        }
        while let Some(outcome) = share.perform(lane, state.operation()) {
            state = state.advance(outcome).unwrap();
        }
        if let Operation::Render { frame, .. } = state.operation() {
            rendering.insert((now + cost(lane, frame), lane));
        } else {
            ends[lane] = now;
        }
        lanes[lane] = state;
    }
    (share, ends)
}

#[test]
fn the_faster_of_two_lanes_takes_frames_of_the_slower_ones_chunk_and_both_end_within_one_frame() {
    let job = job(&["1-20", "21-40"]);
    for (fast, slow) in [(1, 1), (2, 3), (1, 3), (1, 10)] {
        let (share, ends) = run(&job, |lane, _| if lane == 0 { fast } else { slow });
        assert_eq!(share.done.len(), 40);
        assert_eq!(share.rendered.len(), 40, "none is rendered twice");
        let taken = share
            .rendered
            .iter()
            .filter(|(lane, frame)| *lane == 0 && *frame > 20)
            .count();
        assert_eq!(taken > 0, fast < slow, "{fast}:{slow} took {taken}");
        assert!(
            ends[0].abs_diff(ends[1]) <= slow,
            "{ends:?} at {fast}:{slow}"
        );
        let alone = 40 * fast * slow / (fast + slow);
        assert!(
            ends[0].max(ends[1]) <= alone + slow,
            "{ends:?} at {fast}:{slow}"
        );
    }
}

proptest! {
    #[test]
    fn lanes_of_any_speed_end_within_one_frame_of_each_other(
        speeds in proptest::collection::vec(1_u64..12, 2..6),
        frames in proptest::collection::vec(1_u64..30, 12..60),
        knows_costs: bool,
    ) {
        let count = i32::try_from(frames.len()).unwrap();
        let chunks = crate::frames::FrameSet::from_frames(1..=count).split_into(speeds.len());
        let texts: Vec<String> = chunks.iter().map(ToString::to_string).collect();
        let mut job = job(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let length = |frame: i32| frames[usize::try_from(frame - 1).unwrap()];
        if knows_costs {
            job.costs = Some((1..=count).map(|frame| (frame, f64::from(u32::try_from(length(frame)).unwrap()))).collect());
        }
        let (share, ends) = run(&job, |lane, frame| length(frame) * speeds[lane]);
        prop_assert_eq!(share.rendered.len(), frames.len());
        let longest = frames.iter().max().unwrap() * speeds.iter().max().unwrap();
        prop_assert!(ends.iter().max().unwrap() - ends.iter().min().unwrap() <= longest);
    }
}
