// SPDX-License-Identifier: Apache-2.0
//! The share and the processes, as small as the rules can tell them apart.

use super::super::rules::{Counts, Looked};

/// The most frames of a world.
pub const FRAMES: usize = 3;
/// The most ordinary lanes of a world.
pub const LANES: usize = 3;
/// The place of the last lane's process; those before are the ordinary lanes', those after are orphans.
pub const LAST: usize = LANES;
/// The places of processes.
pub const PLACES: usize = LANES + 3;
/// Stands in a claim for a run that has ended: whichever it was, nobody has its number.
pub const NOBODY: u8 = u8::MAX;

/// A claim on the share. Runs are named by the place of their process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    Absent,
    /// Created, and not written by the run that did so.
    Empty {
        run: u8,
    },
    Written {
        lane: u8,
        run: u8,
        counts: Counts8,
    },
}

/// [`Counts`] in three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counts8 {
    fails: u8,
    lost: u8,
    retry: u8,
}

impl From<Counts> for Counts8 {
    fn from(counts: Counts) -> Self {
        let small = |count| u8::try_from(count).expect("a small world");
        Self {
            fails: small(counts.fails),
            lost: small(counts.lost),
            retry: small(counts.retry),
        }
    }
}

impl From<Counts8> for Counts {
    fn from(counts: Counts8) -> Self {
        Self {
            fails: counts.fails.into(),
            lost: counts.lost.into(),
            retry: counts.retry.into(),
        }
    }
}

/// The files of one frame. Two renderings of a frame are whole both, and may differ in size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Files {
    pub claim: Claim,
    /// Which rendering lies in the output's place; 0 for none.
    pub output: u8,
    /// Which rendering the record speaks of; 0 for no record.
    pub record: u8,
    /// The `retry` of the failed file.
    pub failed: Option<u8>,
}

impl Files {
    /// What a lane sees that looks, where its lookups show it the record, the failed file and the claim or not.
    pub fn look(&self, is_done: bool, sees_failed: bool, sees_claim: bool) -> Looked {
        let retry = match self.claim {
            Claim::Written { counts, .. } if sees_claim => Some(counts.retry.into()),
            _ => None,
        };
        Looked::from_files(
            is_done,
            self.failed.filter(|_| sees_failed).map(Into::into),
            retry,
        )
    }
}

/// A process of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// Not started, or an orphan that has ended.
    Absent,
    /// Its lane has ended with success.
    Succeeded,
    /// The last lane has ended with failure.
    Failed,
    /// Its lane state, by the number under which [`super::machine::Machine`] keeps it.
    Runs { state: u16, lane: u8, rendering: u8 },
}

/// The faults that have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    pub all: u8,
    pub had_orphan: bool,
    /// Of `all`; told apart only while renderings are counted.
    pub kills: u8,
    /// Of `all`; told apart only while renderings are counted.
    pub lookups: u8,
}

/// All there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub files: [Files; FRAMES],
    pub processes: [Process; PLACES],
    pub faults: Faults,
    /// Renderings begun, while they are counted.
    pub renders: u8,
    /// How often each ordinary lane has ended with failure.
    pub failures: [u8; LANES],
    /// Whether the frame that fails once has failed.
    pub has_failed_once: bool,
    /// Whether people have asked for failed frames again, having mended what made them fail.
    pub is_mended: bool,
}

impl World {
    /// A new job: nothing on the share, nobody at work.
    pub fn new() -> Self {
        let files = Files {
            claim: Claim::Absent,
            output: 0,
            record: 0,
            failed: None,
        };
        Self {
            files: [files; FRAMES],
            processes: [Process::Absent; PLACES],
            faults: Faults::default(),
            renders: 0,
            failures: [0; LANES],
            has_failed_once: false,
            is_mended: false,
        }
    }

    /// Forgets how it came about, where nothing that is to hold depends on it any more.
    pub fn forget(&mut self) {
        self.renders = 0;
        self.faults.kills = 0;
        self.faults.lookups = 0;
    }

    /// Puts orphans into an order of their own.
    pub fn order_orphans(&mut self) {
        let (one, other) = (LAST + 1, LAST + 2);
        if self.processes[one] <= self.processes[other] {
            return;
        }
        self.processes.swap(one, other);
        let aside = NOBODY - 1;
        self.rename_run(one.try_into().expect("a small world"), aside);
        self.rename_run(
            other.try_into().expect("a small world"),
            one.try_into().expect("a small world"),
        );
        self.rename_run(aside, other.try_into().expect("a small world"));
    }

    /// Calls the run of a place by another name in every claim: its process has moved, or has ended.
    pub fn rename_run(&mut self, from: u8, to: u8) {
        for files in &mut self.files {
            match &mut files.claim {
                Claim::Empty { run } | Claim::Written { run, .. } if *run == from => *run = to,
                _ => {}
            }
        }
    }
}
