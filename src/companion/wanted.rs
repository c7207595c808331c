// SPDX-License-Identifier: Apache-2.0
//! The number of workers wanted: the rule of `docs/companion.md`, *The number of workers wanted*, without clocks or network.

use std::collections::{BTreeMap, VecDeque};

/// A job of which no frame is finished gets as many workers as it has scouts; what comes after that is measured.
const WORKERS_TO_MEASURE: usize = 3;
/// A worker that is not worth this many loads of rendering is not started.
const LOADS_WORTH: f64 = 2.0;
/// It goes down to what was asked for at most within this time.
const SETTLE_SECS: f64 = 60.0;
/// Busy workers that use less of their GPUs are waiting for something else.
const IDLE_GPU_RATIO: f64 = 0.25;

/// What the operator sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Never fewer.
    pub min_workers: usize,
    /// Never more.
    pub max_workers: usize,
    /// The most for the jobs of one user.
    pub max_per_user: Option<usize>,
    /// The most for the jobs of one project.
    pub max_per_project: Option<usize>,
    /// How long after it came in a job should be done.
    pub target_secs: f64,
    /// What starting a worker and loading a scene take.
    pub load_secs: f64,
    /// For how long nothing goes down after something went up.
    pub hold_secs: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_workers: 0,
            max_workers: 10,
            max_per_user: None,
            max_per_project: None,
            target_secs: 3600.0,
            load_secs: 60.0,
            hold_secs: 300.0,
        }
    }
}

/// A job that can go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobLoad {
    /// Who sent it.
    pub user: Option<String>,
    /// What it belongs to.
    pub project: Option<String>,
    /// How long ago it came in.
    pub age_secs: f64,
    /// How many workers it can use: no more than it has open lanes, and open frames.
    pub helpers: usize,
    /// Frames that are neither done nor given up.
    pub frames_left: u64,
    /// What they will still take on one worker; none while no frame is finished.
    pub work_secs: Option<f64>,
    /// The longest of them.
    pub frame_secs: f64,
    /// What loading its scene took where it was measured, the start of a worker included.
    pub load_secs: Option<f64>,
}

/// How the GPUs of the busy workers are used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Gpus {
    /// Nobody asks, or nobody has been busy for long enough.
    #[default]
    Unasked,
    /// The part of them that is used, 0 to 1.
    Used(f64),
    /// Prometheus does not answer.
    Unknown,
}

/// What is seen at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The jobs that can go on.
    pub jobs: Vec<JobLoad>,
    /// Workers that have a task.
    pub busy: usize,
    /// Workers that are there, busy or not.
    pub there: usize,
    /// The GPUs of the busy ones.
    pub gpus: Gpus,
    /// Whether a smaller number may be told: the pods were asked for, and the busy ones are marked.
    pub may_fall: bool,
}

/// What decided the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// There is nothing to do.
    NothingToDo,
    /// That many have the jobs done in time.
    Target,
    /// A job of which nothing is known yet is measured.
    Measuring,
    /// The jobs can use no more.
    Helpers,
    /// More are not allowed.
    MaxWorkers,
    /// Fewer are not allowed.
    MinWorkers,
    /// So many are busy.
    Busy,
    /// Something went up a short time ago.
    Hold,
    /// The busy workers do not use their GPUs.
    IdleGpus,
    /// Prometheus is away.
    PrometheusAway,
    /// Nobody can say which pods are busy.
    PodsUnknown,
}

impl Because {
    /// In words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingToDo => "nothing is to be done",
            Self::Target => "so many have every job done in its time",
            Self::Measuring => "the first frames of a job are measured",
            Self::Helpers => "the jobs have work for no more",
            Self::MaxWorkers => "no more are allowed",
            Self::MinWorkers => "no fewer are allowed",
            Self::Busy => "so many are busy",
            Self::Hold => "the number went up a short time ago, and is held",
            Self::IdleGpus => "the busy workers leave their GPUs idle: more would not help",
            Self::PrometheusAway => "Prometheus is away: the last number is held",
            Self::PodsUnknown => "the pods cannot be asked for: the last number is held",
        }
    }
}

/// How many workers the jobs need, before anything is held back, and what decides that. `there` workers need no start
/// any more, but for the `starting_secs` that some of them still take.
pub fn needed(
    policy: &Policy,
    jobs: &[JobLoad],
    busy: usize,
    there: usize,
    starting_secs: f64,
) -> (usize, Because) {
    let helpers = allowed_helpers(policy, jobs);
    let (mut count, mut because) = (0, Because::NothingToDo);
    let mut measured: Vec<(f64, f64, f64, usize)> = Vec::new();
    let mut measuring = 0;
    for (job, &helpers) in jobs.iter().zip(&helpers) {
        let Some(work_secs) = job.work_secs else {
            measuring += helpers.min(WORKERS_TO_MEASURE);
            continue;
        };
        let load = job.load_secs.unwrap_or(policy.load_secs).max(0.0);
        let frame = job.frame_secs.max(0.0);
        // The last frame ends somewhere within its time; and who comes late still has to be worth its load.
        let left = policy.target_secs - job.age_secs - frame;
        let least = (load * (1.0 + LOADS_WORTH)).max(load + frame);
        measured.push((left.max(least), load, work_secs.max(0.0), helpers));
    }
    measured.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut work, mut load, mut able) = (0.0, 0.0_f64, 0_usize);
    for (left, its_load, its_work, its_helpers) in measured {
        work += its_work;
        load = load.max(its_load);
        able = able.saturating_add(its_helpers);
        let wanted = for_work(work, left, load, (busy, there, starting_secs));
        let (capped, why) = if wanted > able {
            (able, Because::Helpers)
        } else {
            (wanted, Because::Target)
        };
        if capped > count {
            (count, because) = (capped, why);
        }
    }
    if measuring > 0 {
        count += measuring;
        because = Because::Measuring;
    }
    if count > policy.max_workers {
        (policy.max_workers, Because::MaxWorkers)
    } else if count < policy.min_workers {
        (policy.min_workers, Because::MinWorkers)
    } else {
        (count, because)
    }
}

/// The workers that do `work` seconds of work within `left`, of which those that are there cost no load any more.
fn for_work(work: f64, left: f64, load: f64, there: (usize, usize, f64)) -> usize {
    if work <= 0.0 {
        return 0;
    }
    let (busy, there, starting_secs) = there;
    let busy = busy.min(there);
    let from_busy = float(busy) * left;
    if work <= from_busy {
        return ceil(work / left);
    }
    let from_idle = (left - starting_secs).max(left - load).max(1.0);
    let rest = work - from_busy;
    if rest <= float(there - busy) * from_idle {
        return busy + ceil(rest / from_idle);
    }
    let rest = rest - float(there - busy) * from_idle;
    there + ceil(rest / (left - load).max(1.0))
}

/// How many workers each job may use: what the limits of its user and project leave of what it can use.
fn allowed_helpers(policy: &Policy, jobs: &[JobLoad]) -> Vec<usize> {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    let mut projects: BTreeMap<&str, usize> = BTreeMap::new();
    let left = |used: &BTreeMap<&str, usize>, whose: Option<&str>, limit: Option<usize>| {
        let taken = whose.and_then(|whose| used.get(whose)).copied();
        limit
            .filter(|_| whose.is_some())
            .map_or(usize::MAX, |limit| limit.saturating_sub(taken.unwrap_or(0)))
    };
    jobs.iter()
        .map(|job| {
            let (user, project) = (job.user.as_deref(), job.project.as_deref());
            let allowed = job
                .helpers
                .min(left(&users, user, policy.max_per_user))
                .min(left(&projects, project, policy.max_per_project));
            for (used, whose) in [(&mut users, user), (&mut projects, project)] {
                if let Some(whose) = whose {
                    *used.entry(whose).or_default() += allowed;
                }
            }
            allowed
        })
        .collect()
}

/// The number that is told, and what is remembered for it from look to look.
#[derive(Clone, Debug)]
pub struct Wanting {
    policy: Policy,
    number: Option<usize>,
    rose_secs: f64,
    /// What was needed at the looks of the last minute.
    asked: VecDeque<(f64, usize)>,
    /// Since when Prometheus is away.
    unknown_secs: Option<f64>,
}

impl Wanting {
    /// Nothing is wanted before the first look.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            number: None,
            rose_secs: 0.0,
            asked: VecDeque::new(),
            unknown_secs: None,
        }
    }

    /// The number that was told last; none before the first look.
    pub fn number(&self) -> Option<usize> {
        self.number
    }

    /// Whether the next look would tell a smaller number if it may: whoever is busy has to be marked before.
    pub fn would_fall(&self, now_secs: f64, seen: &Seen) -> bool {
        let mut next = self.clone();
        let seen = Seen {
            may_fall: true,
            ..seen.clone()
        };
        next.look(now_secs, &seen);
        next.number < self.number
    }

    /// Takes in what is seen at a time (seconds on any clock that only goes forward), and says how many are wanted, and why.
    pub fn look(&mut self, now_secs: f64, seen: &Seen) -> (usize, Because) {
        let policy = &self.policy;
        let known = self.number.unwrap_or(seen.there);
        let since_rise = if self.number.is_some() {
            now_secs - self.rose_secs
        } else {
            policy.load_secs
        };
        let starting_secs = (policy.load_secs - since_rise).max(0.0);
        let there = seen.there.max(known).max(seen.busy);
        let (mut raw, mut because) = needed(policy, &seen.jobs, seen.busy, there, starting_secs);
        let busy = seen.busy.min(policy.max_workers);
        if raw < busy {
            (raw, because) = (busy, Because::Busy);
        }
        self.asked.push_back((now_secs, raw));
        while self
            .asked
            .front()
            .is_some_and(|(asked, _)| *asked < now_secs - SETTLE_SECS)
        {
            self.asked.pop_front();
        }
        let is_unknown = seen.gpus == Gpus::Unknown;
        self.unknown_secs = is_unknown.then(|| self.unknown_secs.unwrap_or(now_secs));
        let is_blind = self
            .unknown_secs
            .is_some_and(|since| now_secs - since < policy.hold_secs);
        let Some(number) = self.number else {
            let number = raw.max(seen.there.min(policy.max_workers));
            self.number = Some(number);
            self.rose_secs = now_secs;
            return (number, if number > raw { Because::Hold } else { because });
        };
        if raw > number {
            let held = match seen.gpus {
                _ if seen.busy == 0 => None,
                Gpus::Used(ratio) if ratio < IDLE_GPU_RATIO => Some(Because::IdleGpus),
                _ if is_blind => Some(Because::PrometheusAway),
                _ => None,
            };
            if let Some(held) = held.filter(|_| number >= busy) {
                return (number, held);
            }
            let raised = if held.is_some() { busy } else { raw };
            self.number = Some(raised);
            self.rose_secs = now_secs;
            return (raised, because);
        }
        if raw == number {
            return (number, because);
        }
        if now_secs - self.rose_secs < policy.hold_secs {
            return (number, Because::Hold);
        }
        if !seen.may_fall {
            return (number, Because::PodsUnknown);
        }
        let is_idle = seen.jobs.is_empty() && seen.busy == 0;
        if is_blind && !is_idle {
            return (number, Because::PrometheusAway);
        }
        let settled = self.asked.iter().map(|(_, asked)| *asked).max();
        let lowered = if is_idle { raw } else { settled.unwrap_or(raw) };
        if lowered >= number {
            return (number, Because::Hold);
        }
        self.number = Some(lowered);
        (lowered, because)
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of workers, bounded on both sides"
)]
fn ceil(count: f64) -> usize {
    // What is a hair above a whole number came there by rounding.
    (count - 1e-9).ceil().clamp(0.0, 1e6) as usize
}

#[cfg(test)]
mod tests;
