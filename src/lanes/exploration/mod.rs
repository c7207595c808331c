// SPDX-License-Identifier: Apache-2.0
//! The rules, explored exhaustively: every interleaving of single file operations of several lanes, with processes
//! that die, processes that go on although their lane runs anew, lookups that miss a file, and frames that fail.
//!
//! What steps is the production transition function ([`super::rules`]); only the share is a model ([`world`]).

mod machine;
mod moves;
mod properties;
mod search;
mod world;

use std::time::Instant;

use super::rules::Limits;
use machine::Without;
use moves::{Fault, Poison, Setting};
use search::{Extent, explore};

/// Two lanes and the last lane, two frames, any two faults.
const SMALL: Setting = Setting {
    lanes: 2,
    frames: 2,
    limits: Limits { fails: 3, lost: 3 },
    poison: Poison::None,
    faults: 2,
    kinds: &[Fault::Kill, Fault::Orphan, Fault::LostLookup],
    counts_all_renders: false,
    retry: false,
};

fn explored(setting: Setting) -> Extent {
    let started = Instant::now();
    match explore(setting, None) {
        Ok(extent) => {
            println!(
                "{extent:?} in {:.1} s: {setting:?}",
                started.elapsed().as_secs_f64()
            );
            extent
        }
        Err(violation) => panic!(
            "not true: {}\n{}",
            violation.property,
            violation.story.join("\n")
        ),
    }
}

fn violated(setting: Setting, without: Without) -> String {
    match explore(setting, Some(without)) {
        Ok(extent) => panic!("nothing was violated without {without:?}: {extent:?}"),
        Err(violation) => violation.property,
    }
}

const WITHOUT_ORPHANS: &[Fault] = &[Fault::Kill, Fault::LostLookup];

/// Three lanes and the last lane, three frames, any two faults.
const FULL: Setting = Setting {
    lanes: 3,
    frames: 3,
    ..SMALL
};

#[test]
fn two_lanes_lose_no_frame_to_any_two_faults() {
    explored(SMALL);
}

#[test]
fn an_orphan_costs_each_frame_once_more_at_most() {
    explored(Setting {
        frames: 3,
        faults: 1,
        counts_all_renders: true,
        ..SMALL
    });
}

#[test]
fn kills_and_lost_lookups_cost_the_frame_in_work_at_most() {
    explored(Setting {
        frames: 3,
        kinds: WITHOUT_ORPHANS,
        ..SMALL
    });
}

#[test]
fn a_poison_frame_ends_as_failed_and_the_others_as_done() {
    explored(Setting {
        poison: Poison::Always(&[0]),
        faults: 1,
        ..SMALL
    });
}

#[test]
fn two_poison_frames_never_make_a_lane_fail_for_good() {
    let extent = explored(Setting {
        poison: Poison::Always(&[0, 1]),
        frames: 3,
        faults: 2,
        kinds: WITHOUT_ORPHANS,
        ..SMALL
    });
    assert_eq!(extent.most_failures, 2);
}

#[test]
fn a_frame_that_fails_once_is_rendered() {
    explored(Setting {
        poison: Poison::Once(0),
        faults: 1,
        ..SMALL
    });
}

#[test]
fn what_people_mend_and_ask_for_again_is_rendered() {
    explored(Setting {
        poison: Poison::Always(&[0]),
        faults: 1,
        retry: true,
        ..SMALL
    });
}

#[test]
#[ignore = "minutes: 15 million worlds; `make test-all` runs it"]
fn three_lanes_lose_no_frame_to_any_two_faults() {
    explored(FULL);
}

#[test]
#[ignore = "minutes; `make test-all` runs it"]
fn three_lanes_leave_only_poison_frames_undone() {
    for poison in [Poison::Always(&[0]), Poison::Once(1)] {
        explored(Setting {
            poison,
            faults: 1,
            ..FULL
        });
    }
    explored(Setting {
        poison: Poison::Always(&[0, 2]),
        kinds: WITHOUT_ORPHANS,
        ..FULL
    });
    explored(Setting {
        poison: Poison::Always(&[1]),
        faults: 1,
        retry: true,
        ..FULL
    });
}

#[test]
fn without_looking_again_a_frame_is_rendered_twice_though_nobody_died() {
    assert_eq!(
        violated(SMALL, Without::LookingAgain),
        "a frame is rendered again only after a death"
    );
}

#[test]
fn without_leaving_other_lanes_alone_two_lanes_render_a_frame_at_once() {
    let property = violated(
        Setting { faults: 0, ..SMALL },
        Without::LeavingOtherLanesAlone,
    );
    assert_eq!(
        property,
        "an ordinary lane works only on frames that it or the last lane has claimed"
    );
}

#[test]
fn without_publishing_first_a_record_can_lack_its_outputs() {
    let property = violated(Setting { faults: 0, ..SMALL }, Without::PublishingFirst);
    assert_eq!(property, "a record never exists without its whole outputs");
}

#[test]
fn without_accepting_whole_outputs_a_finished_job_can_come_undone() {
    let property = violated(SMALL, Without::AcceptingWholeOutputs);
    assert_eq!(property, "a record never exists without its whole outputs");
}
