// SPDX-License-Identifier: Apache-2.0
//! In which order a job's frames are rendered, and the home chunks that follow from it.

use crate::check::Finding;
use crate::frames::FrameSet;
use crate::lanes::Order;
use crate::lanes::order::scouts;
use crate::plan;

/// Scouts have at most three lanes, and a Manager has a gate behind them.
const TASKS_OF_SCOUTS: usize = 3 + 1;
/// The most lanes for the other frames on a Manager that nobody watches: there one failed task has to be a tenth of them all.
pub(super) const MOST_LANES_BESIDE_SCOUTS: usize = plan::MOST_LANES_UNWATCHED - TASKS_OF_SCOUTS;

/// The order that a job gets, `can_wait` where its job type can hold frames back, and what there is to say where it is not the one that was asked for.
pub(super) fn choose(
    asked: Order,
    has_unbaked_simulation: bool,
    can_wait: bool,
) -> (Order, Option<Finding>) {
    let cannot_wait = |why: &str, fix: &str| {
        let message = format!("The job does not wait after its scouts: {why}.");
        Some(Finding::warning("scouts-cannot-wait", message).fix(fix))
    };
    match (asked, has_unbaked_simulation, can_wait) {
        (Order::ScoutsThenWait, true, _) => {
            let why = "a simulation that is not baked is rendered in order";
            (
                Order::Sequential,
                cannot_wait(why, "bake the simulation in Blender"),
            )
        }
        (Order::ScoutsThenWait, false, false) => {
            let why = "this farm's job type cannot hold the other frames back";
            (
                Order::Auto,
                cannot_wait(
                    why,
                    "send the first, middle and last frame as a job of their own",
                ),
            )
        }
        (_, true, _) => (Order::Sequential, None),
        (asked, false, _) => (asked, None),
    }
}

/// The home chunk of each of `lanes` lanes; where people want to see the scouts first, these are shared out among
/// lanes of their own that come before the others.
pub(super) fn home_chunks(order: Order, frames: &FrameSet, lanes: usize) -> Vec<FrameSet> {
    if order != Order::ScoutsThenWait {
        return plan::plan_lanes(frames, lanes);
    }
    let scouts = FrameSet::from_frames(scouts(frames).into_iter().flatten());
    let rest = frames.difference(&scouts);
    let mut chunks = plan::plan_lanes(&scouts, lanes);
    if !rest.is_empty() {
        chunks.extend(plan::plan_lanes(&rest, lanes));
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(order: Order, frames: &str, lanes: usize) -> Vec<String> {
        let frames = frames.parse().unwrap();
        let chunks = home_chunks(order, &frames, lanes);
        chunks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn scouts_that_are_waited_for_have_lanes_of_their_own() {
        let wait = Order::ScoutsThenWait;
        assert_eq!(chunks(wait, "1-10", 1), ["1, 6, 10", "2-5, 7-9"]);
        assert_eq!(chunks(wait, "1-10", 2), ["1, 6", "10", "2-5", "7-9"]);
        assert_eq!(chunks(wait, "1-10", 5).len(), 3 + 5);
        assert_eq!(chunks(Order::Auto, "1-10", 2), ["1-5", "6-10"]);
    }

    #[test]
    fn a_job_of_three_frames_is_all_scouts() {
        assert_eq!(chunks(Order::ScoutsThenWait, "1-3", 1), ["1-3"]);
        assert_eq!(chunks(Order::ScoutsThenWait, "7", 4), ["7"]);
    }

    #[test]
    fn where_a_job_cannot_wait_it_is_said_and_the_nearest_order_taken() {
        let asked = Order::ScoutsThenWait;
        let (order, finding) = choose(asked, true, true);
        assert_eq!(order, Order::Sequential);
        assert!(finding.unwrap().message.contains("not baked"));
        let (order, finding) = choose(asked, false, false);
        assert_eq!(order, Order::Auto);
        assert_eq!(finding.unwrap().code, "scouts-cannot-wait");
        assert_eq!(choose(asked, false, true), (asked, None));
        assert_eq!(choose(Order::Auto, true, true).0, Order::Sequential);
    }
}
