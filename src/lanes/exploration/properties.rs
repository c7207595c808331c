// SPDX-License-Identifier: Apache-2.0
//! What must hold in every world.

use super::super::rules::Operation;
use super::moves::{Moves, Poison};
use super::world::{Claim, Faults, LAST, Process, World};

/// How often a Manager lets a task fail before it fails for good (Flamenco's soft failures).
const FAILURES_OF_A_TASK: u8 = 3;

/// Whether nobody works any more.
pub fn is_end(world: &World) -> bool {
    !world
        .processes
        .iter()
        .any(|process| matches!(process, Process::Runs { .. }))
}

/// Holds every property against a world; the error is the sentence that is not true.
pub fn hold(moves: &Moves, world: &World) -> Result<(), String> {
    let frames = 0..moves.setting.frames;
    let is_done = |frame: usize| moves.is_done(world, frame);
    let all_done = || frames.clone().all(is_done);
    let truth = |holds: bool, sentence: &str| {
        if holds {
            Ok(())
        } else {
            Err(sentence.to_owned())
        }
    };

    truth(
        world.processes[LAST] != Process::Succeeded || all_done(),
        "once the last lane has ended with success, every frame is done",
    )?;
    truth(
        frames
            .clone()
            .all(|frame| world.files[frame].record == 0 || is_done(frame)),
        "a record never exists without its whole outputs",
    )?;
    truth(
        world
            .processes
            .iter()
            .all(|&process| keeps_to_its_claims(moves, world, process)),
        "an ordinary lane works only on frames that it or the last lane has claimed",
    )?;
    truth(
        world.faults.had_orphan || !renders_twice_at_once(moves, world),
        "without orphans, no frame is rendered by two lanes at once",
    )?;
    truth(
        moves.setting.poison != Poison::None
            || world.renders <= most_renders(moves.setting.frames, world.faults),
        "a frame is rendered again only after a death",
    )?;
    truth(
        moves.setting.poison != Poison::None
            || frames
                .clone()
                .all(|frame| world.files[frame].failed.is_none()),
        "only a frame that fails is recorded as failed",
    )?;
    truth(
        world.faults.had_orphan
            || world
                .failures
                .iter()
                .all(|&failures| failures < FAILURES_OF_A_TASK),
        "without orphans, one or two poison frames never make a lane fail for good",
    )?;
    last_lane_names(moves, world)?;
    if is_end(world) {
        end_well(moves, world)
    } else {
        Ok(())
    }
}

/// A kill loses the frame in work. An orphan and the run that follows it may race each other through all frames. A lost
/// lookup costs nothing alone, since only a run that has the claim renders and looks again before; two may hide a record
/// both times.
fn most_renders(frames: usize, faults: Faults) -> u8 {
    let frames = u8::try_from(frames).expect("a small world");
    let orphans = faults.all - faults.kills - faults.lookups;
    frames + faults.kills + orphans * frames + faults.lookups / 2
}

fn keeps_to_its_claims(moves: &Moves, world: &World, process: Process) -> bool {
    let Process::Runs { state, lane, .. } = process else {
        return true;
    };
    let last = moves.setting.lanes;
    match moves.machine.operation(state) {
        Operation::TakeOver { frame, .. }
        | Operation::LookAgain { frame, .. }
        | Operation::Render { frame, .. }
        | Operation::Publish { frame, .. }
        | Operation::Record { frame, .. }
        | Operation::Count { frame, .. }
        | Operation::RecordFailed { frame, .. }
            if usize::from(lane) != last =>
        {
            let frame = usize::try_from(frame).expect("a small world");
            // An orphan may hold what people have given back to another lane; of frames that are done, claims say nothing.
            let is_left = world.is_mended && world.faults.had_orphan || moves.is_done(world, frame);
            is_left
                || matches!(world.files[frame].claim, Claim::Written { lane: whose, .. } if whose == lane || usize::from(whose) == last)
        }
        _ => true,
    }
}

fn renders_twice_at_once(moves: &Moves, world: &World) -> bool {
    let rendered = |process: &Process| match process {
        Process::Runs { state, .. } => match moves.machine.operation(*state) {
            Operation::Render { frame, .. } => Some(frame),
            _ => None,
        },
        _ => None,
    };
    let mut frames: Vec<i32> = world.processes.iter().filter_map(rendered).collect();
    frames.sort_unstable();
    frames.windows(2).any(|pair| pair[0] == pair[1])
}

/// When the last lane is about to end with failure, it knows every frame that is not done.
fn last_lane_names(moves: &Moves, world: &World) -> Result<(), String> {
    let Process::Runs { state, .. } = world.processes[LAST] else {
        return Ok(());
    };
    if !matches!(moves.machine.operation(state), Operation::End { .. }) {
        return Ok(());
    }
    let named = moves.machine.state(state).not_done();
    let unnamed = (0..moves.setting.frames).find(|&frame| {
        !moves.is_done(world, frame)
            && !named
                .iter()
                .any(|&named| usize::try_from(named) == Ok(frame))
    });
    match unnamed {
        None => Ok(()),
        Some(frame) => Err(format!(
            "the last lane names every frame that is not done; it left out {frame}"
        )),
    }
}

fn end_well(moves: &Moves, world: &World) -> Result<(), String> {
    let last = world.processes[LAST];
    let poisoned = match moves.setting.poison {
        Poison::Always(frames) if !world.is_mended => frames,
        _ => &[],
    };
    for frame in 0..moves.setting.frames {
        let (is_done, has_failed) = (
            moves.is_done(world, frame),
            world.files[frame].failed.is_some(),
        );
        if poisoned.contains(&frame) {
            if is_done || !has_failed || last != Process::Failed {
                return Err(format!(
                    "poison frame {frame} ends as failed, and so does the last lane"
                ));
            }
        } else if !is_done && !may_end_undone(moves, world) {
            return Err(format!(
                "frame {frame}, which can be rendered, ends as done"
            ));
        }
    }
    let has_reason = !poisoned.is_empty() || may_end_undone(moves, world);
    if last == Process::Succeeded || has_reason {
        Ok(())
    } else {
        Err("the last lane ends with success where nothing is poison".to_owned())
    }
}

/// A frame that fails once is not rendered where a fault left its only try to the last lane.
fn may_end_undone(moves: &Moves, world: &World) -> bool {
    matches!(moves.setting.poison, Poison::Once(_)) && world.has_failed_once && world.faults.all > 0
}
