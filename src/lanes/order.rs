// SPDX-License-Identifier: Apache-2.0
//! The order in which a lane walks over frames; the renderer follows the same.

use std::cmp::Ordering;

use super::job::{JobDescription, Order};
use crate::frames::FrameSet;

/// The frames of the whole job, in the order in which a run of `lane` tries them.
///
/// The last lane, or a number above it, takes them in order. An ordinary lane takes its home chunk, then the other
/// chunks, the next lane's first, each from its end, where that chunk's own lane comes last. A lane of scouts that the
/// others wait for takes its home chunk alone.
pub fn lane_order(job: &JobDescription, lane: u32) -> Vec<i32> {
    let is_scout_lane = job.is_scout_lane(lane);
    let lane = usize::try_from(lane).unwrap_or(usize::MAX);
    let Some((before, [home, after @ ..])) = job.lanes.split_at_checked(lane) else {
        return job.frames.iter().collect();
    };
    let mut order = home_order(job, home);
    if is_scout_lane {
        return order;
    }
    order.extend(
        after
            .iter()
            .chain(before)
            .flat_map(|chunk| chunk.iter().rev()),
    );
    order
}

/// The first, the middle and the last frame of a job: an early look, and a fair estimate.
pub fn scouts(frames: &FrameSet) -> [Option<i32>; 3] {
    [frames.first(), frames.nth(frames.len() / 2), frames.last()]
}

fn home_order(job: &JobDescription, home: &FrameSet) -> Vec<i32> {
    let mut order: Vec<i32> = home.iter().collect();
    if job.order != Order::Sequential && job.simulation_start.is_none() {
        let scouts = scouts(&job.frames);
        let cost = |frame: i32| {
            job.costs
                .as_ref()
                .and_then(|costs| costs.get(&frame))
                .copied()
                .unwrap_or(0.0)
        };
        order.sort_by(|&one, &other| {
            match (scouts.contains(&Some(one)), scouts.contains(&Some(other))) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => cost(other).total_cmp(&cost(one)),
            }
        });
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::job::tests::job;
    use super::*;

    #[test]
    fn scouts_come_first_each_in_its_home_lane_and_other_chunks_from_their_ends() {
        let job = job(&["1-4", "5-8"]);
        assert_eq!(lane_order(&job, 0), [1, 2, 3, 4, 8, 7, 6, 5]);
        assert_eq!(lane_order(&job, 1), [5, 8, 6, 7, 4, 3, 2, 1]);
    }

    #[test]
    fn the_lane_after_the_last_ordinary_one_walks_in_order() {
        assert_eq!(lane_order(&job(&["1-2", "3-4"]), 2), [1, 2, 3, 4]);
        assert_eq!(lane_order(&job(&["1-2", "3-4"]), u32::MAX), [1, 2, 3, 4]);
    }

    #[test]
    fn frames_known_to_be_long_come_right_after_the_scouts() {
        let mut job = job(&["1-6"]);
        job.costs = Some(BTreeMap::from([(2, 1.0), (3, 5.0), (4, 9.0), (5, 5.0)]));
        assert_eq!(lane_order(&job, 0), [1, 4, 6, 3, 5, 2]);
    }

    #[test]
    fn sequential_order_and_simulations_know_no_scouts_and_no_costs() {
        let mut sequential = job(&["1-4", "5-6"]);
        sequential.costs = Some(BTreeMap::from([(3, 5.0)]));
        sequential.order = Order::Sequential;
        assert_eq!(lane_order(&sequential, 0), [1, 2, 3, 4, 6, 5]);
        let mut simulation = job(&["1-4"]);
        simulation.costs = Some(BTreeMap::from([(3, 5.0)]));
        simulation.simulation_start = Some(1);
        assert_eq!(lane_order(&simulation, 0), [1, 2, 3, 4]);
    }

    #[test]
    fn lanes_of_scouts_end_after_them_and_the_others_walk_over_every_frame() {
        let mut job = job(&["1,5", "8", "2-4", "6-7"]);
        job.order = Order::ScoutsThenWait;
        assert_eq!(job.scout_lanes(), 2);
        assert_eq!(lane_order(&job, 0), [1, 5]);
        assert_eq!(lane_order(&job, 1), [8]);
        job.costs = Some(BTreeMap::from([(3, 5.0)]));
        assert_eq!(lane_order(&job, 2), [3, 2, 4, 7, 6, 5, 1, 8]);
        assert_eq!(lane_order(&job, 3), [6, 7, 5, 1, 8, 4, 3, 2]);
        assert_eq!(lane_order(&job, 4), [1, 2, 3, 4, 5, 6, 7, 8]);
        job.order = Order::Auto;
        assert_eq!(job.scout_lanes(), 0);
    }

    proptest! {
        #[test]
        fn every_lane_walks_over_every_frame_once(count in 1_i32..60, lanes in 1_usize..8) {
            let frames = FrameSet::from_frames(1..=count);
            let chunks: Vec<String> = frames.split_into(lanes).iter().map(ToString::to_string).collect();
            let job = job(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
            for lane in 0..=job.last_lane() {
                let mut order = lane_order(&job, lane);
                order.sort_unstable();
                prop_assert_eq!(order, (1..=count).collect::<Vec<_>>());
            }
        }
    }
}
