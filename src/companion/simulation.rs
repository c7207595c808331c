// SPDX-License-Identifier: Apache-2.0
//! The rule beside others, on the same farm and the same frames: what each costs, and when it is done.
//!
//! A worker costs from the moment it is asked for until it is gone. It takes some time to start, loads the scene once, and then
//! takes frame after frame. Who is sent away in the middle of a frame has rendered it in vain.

use std::collections::VecDeque;

use super::wanted::{JobLoad, Policy, Seen, Wanting};
use crate::plan::{FinishedFrame, Remaining, RunningFrame, work_left};

/// What starting a worker takes: a pod, a sign-on, the Manager's answer.
const START_SECS: f64 = 15.0;
/// How often the farm is looked at.
const LOOK_SECS: f64 = 2.0;
const MAX_WORKERS: usize = 20;

/// A job of the simulation.
struct Shot {
    frames: Vec<f64>,
    load_secs: f64,
}

impl Shot {
    fn work_secs(&self) -> f64 {
        self.frames.iter().sum()
    }

    /// The fewest worker-seconds with which the job is done within that time, and how many workers have them.
    fn bound(&self, within_secs: f64) -> f64 {
        let before = START_SECS + self.load_secs;
        let workers = (self.work_secs() / (within_secs - before)).ceil().max(1.0);
        self.work_secs() + workers * before
    }
}

/// How a run went.
#[derive(Debug)]
struct Run {
    worker_secs: f64,
    done_secs: f64,
    most: usize,
    turns: Vec<f64>,
}

#[derive(Clone, Default)]
struct Worker {
    since: f64,
    /// When it can do the next thing, and the frame that it is at.
    free: f64,
    frame: Option<(usize, f64)>,
    is_loaded: bool,
    /// How many frames it may still take before its task ends; with tasks that load anew.
    task_left: usize,
}

/// What a policy sees.
struct Sight<'a> {
    now: f64,
    busy: usize,
    there: usize,
    finished: &'a [FinishedFrame],
    open: &'a [i32],
    running: &'a [RunningFrame],
    rendering: usize,
}

#[expect(
    clippy::too_many_lines,
    reason = "one loop over time; its steps share all of its state"
)]
/// Runs a job on a farm whose size a policy decides. `task_frames` frames share a load, or all where there is none.
fn run(
    shot: &Shot,
    task_frames: Option<usize>,
    takes_busy: bool,
    mut policy: impl FnMut(&Sight<'_>) -> usize,
) -> Run {
    let mut queue: VecDeque<usize> = (0..shot.frames.len()).collect();
    let mut workers: Vec<Worker> = Vec::new();
    let mut finished = Vec::new();
    let mut outcome = Run {
        worker_secs: 0.0,
        done_secs: 0.0,
        most: 0,
        turns: Vec::new(),
    };
    let (mut now, mut before, mut direction) = (0.0, 0_usize, 0_i8);
    loop {
        for worker in &mut workers {
            while worker.free <= now {
                if let Some((frame, load_secs)) = worker.frame.take() {
                    finished.push(FinishedFrame {
                        frame: i32::try_from(frame).unwrap(),
                        seconds: shot.frames[frame],
                        load_secs,
                    });
                    outcome.done_secs = outcome.done_secs.max(worker.free);
                    worker.task_left = worker.task_left.saturating_sub(1);
                    worker.is_loaded &= worker.task_left > 0;
                }
                let Some(frame) = queue.pop_front() else {
                    break;
                };
                let load_secs = if worker.is_loaded {
                    0.0
                } else {
                    shot.load_secs
                };
                if !worker.is_loaded {
                    worker.task_left = task_frames.unwrap_or(usize::MAX);
                    worker.is_loaded = true;
                }
                let begins = worker.free.max(now - LOOK_SECS);
                worker.free = begins + load_secs + shot.frames[frame];
                worker.frame = Some((frame, load_secs));
            }
        }
        let busy = workers
            .iter()
            .filter(|worker| worker.frame.is_some())
            .count();
        let open: Vec<i32> = queue
            .iter()
            .copied()
            .chain(workers.iter().filter_map(|worker| Some(worker.frame?.0)))
            .map(|frame| i32::try_from(frame).unwrap())
            .collect();
        let running: Vec<RunningFrame> = workers
            .iter()
            .filter_map(|worker| {
                let (frame, _) = worker.frame?;
                let began = worker.free - shot.frames[frame];
                (began <= now).then(|| RunningFrame {
                    frame: i32::try_from(frame).unwrap(),
                    elapsed_secs: now - began,
                })
            })
            .collect();
        let wanted = policy(&Sight {
            now,
            busy,
            there: workers
                .iter()
                .filter(|worker| worker.since + START_SECS <= now)
                .count(),
            finished: &finished,
            open: &open,
            running: &running,
            rendering: running.len(),
        });
        if wanted != before {
            let turn = if wanted > before { 1 } else { -1 };
            if direction != 0 && turn != direction {
                outcome.turns.push(now);
            }
            (before, direction) = (wanted, turn);
        }
        while workers.len() < wanted {
            workers.push(Worker {
                since: now,
                free: now + START_SECS,
                ..Worker::default()
            });
        }
        // Idle ones go first.
        workers.sort_by_key(|worker| worker.frame.is_none());
        while workers.len() > wanted
            && (takes_busy || workers.last().is_some_and(|worker| worker.frame.is_none()))
        {
            if let Some(gone) = workers.pop() {
                outcome.worker_secs += now - gone.since;
                queue.extend(gone.frame.map(|(frame, _)| frame));
            }
        }
        outcome.most = outcome.most.max(workers.len());
        if open.is_empty() && workers.is_empty() && now > 0.0 {
            return outcome;
        }
        assert!(now < 1e6, "the job never ends");
        now += LOOK_SECS;
    }
}

/// The rule of this crate.
fn our_rule(shot: &Shot, target_secs: f64) -> Run {
    let mut wanting = Wanting::new(Policy {
        max_workers: MAX_WORKERS,
        target_secs,
        ..Policy::default()
    });
    run(shot, None, false, |sight| {
        let work = work_left(Remaining {
            finished: sight.finished,
            open: sight.open,
            running: sight.running,
            slots: 1,
        });
        let loads = sight.finished.iter().map(|frame| frame.load_secs);
        let jobs = (!sight.open.is_empty()).then(|| JobLoad {
            age_secs: sight.now,
            helpers: sight.open.len().min(MAX_WORKERS),
            frames_left: sight.open.len().try_into().unwrap(),
            work_secs: work.map(|work| work.seconds),
            frame_secs: work.map_or(0.0, |work| work.longest_secs),
            load_secs: loads.reduce(f64::max).map(|load| load + START_SECS),
            ..JobLoad::default()
        });
        let seen = Seen {
            jobs: jobs.into_iter().collect(),
            busy: sight.busy,
            there: sight.there,
            may_fall: true,
            ..Seen::default()
        };
        wanting.look(sight.now, &seen).0
    })
}

/// The seed's rule: the use of all GPUs in percent, averaged over two minutes, divided by a threshold of 50 as KEDA's
/// `AverageValue` does, at least one, with an HPA's five minutes before it goes down. A GPU is used while a frame renders.
fn by_gpu_percent(shot: &Shot) -> Run {
    let mut used = VecDeque::new();
    let mut asked: VecDeque<(f64, usize)> = VecDeque::new();
    run(shot, Some(1), true, |sight| {
        if sight.open.is_empty() {
            return 0;
        }
        let there = f64::from(u32::try_from(sight.there.max(1)).unwrap());
        used.push_back((
            sight.now,
            f64::from(u32::try_from(sight.rendering).unwrap()) / there,
        ));
        used.retain(|(when, _)| *when > sight.now - 120.0);
        let percent = 100.0 * used.iter().map(|(_, ratio)| ratio).sum::<f64>()
            / f64::from(u32::try_from(used.len()).unwrap());
        let wanted = if percent > 50.0 { 2 } else { 1 };
        asked.push_back((sight.now, wanted));
        asked.retain(|(when, _)| *when > sight.now - 300.0);
        asked.iter().map(|(_, wanted)| *wanted).max().unwrap_or(1)
    })
}

/// One worker for each task of one frame that waits or runs.
fn by_tasks(shot: &Shot) -> Run {
    let mut asked: VecDeque<(f64, usize)> = VecDeque::new();
    run(shot, Some(1), false, |sight| {
        asked.push_back((sight.now, sight.open.len().min(MAX_WORKERS)));
        asked.retain(|(when, _)| *when > sight.now - 300.0);
        asked.iter().map(|(_, wanted)| *wanted).max().unwrap_or(0)
    })
}

/// Frame times of the shapes that shots have, the same at each run: a slow drift, noise that is skewed to the slow side, and a
/// part of the shot that is several times slower.
fn shots() -> Vec<(&'static str, Shot)> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24)
    };
    let mut shot = |count: u32, load_secs: f64, seconds: &dyn Fn(f64) -> f64| Shot {
        frames: (0..count)
            .map(|frame| {
                let spread = (0.4 * (noise() + noise() + noise() - 1.5)).exp();
                seconds(f64::from(frame) / f64::from(count)) * spread
            })
            .collect(),
        load_secs,
    };
    vec![
        ("even", shot(900, 45.0, &|_| 30.0)),
        ("slower and slower", shot(600, 45.0, &|at| 15.0 + 60.0 * at)),
        (
            "a slow middle",
            shot(750, 90.0, &|at| {
                if (0.4..0.6).contains(&at) { 90.0 } else { 20.0 }
            }),
        ),
        ("few long frames", shot(60, 60.0, &|_| 420.0)),
        ("many short frames", shot(9000, 20.0, &|_| 2.5)),
    ]
}

const TARGET_SECS: f64 = 3600.0;

#[test]
fn the_rule_costs_a_tenth_more_than_the_bound_at_most_and_is_done_in_time() {
    for (name, shot) in shots() {
        let ours = our_rule(&shot, TARGET_SECS);
        let bound = shot.bound(ours.done_secs.min(TARGET_SECS));
        let shown = |run: &Run| {
            format!(
                "{:.0} worker-seconds ({:.2} of the bound), done after {:.0} s, {} workers",
                run.worker_secs,
                run.worker_secs / shot.bound(TARGET_SECS),
                run.done_secs,
                run.most
            )
        };
        let (percent, tasks) = (by_gpu_percent(&shot), by_tasks(&shot));
        let table = format!(
            "{name}: bound {:.0}\n  rule: {}\n  GPU percent: {}\n  one per task: {}",
            shot.bound(TARGET_SECS),
            shown(&ours),
            shown(&percent),
            shown(&tasks)
        );
        tracing::info!("{table}");
        assert!(ours.done_secs <= TARGET_SECS * 1.02, "{table}");
        assert!(ours.worker_secs <= 1.1 * bound, "{table}");
        assert!(
            ours.worker_secs < percent.worker_secs && ours.worker_secs < tasks.worker_secs,
            "{table}"
        );
        let is_too_soon = |turns: &[f64]| turns[1] - turns[0] < 300.0;
        assert!(
            !ours.turns.windows(2).any(is_too_soon),
            "{table} {:?}",
            ours.turns
        );
    }
}
