// SPDX-License-Identifier: Apache-2.0
//! What can happen next in a world: a step of a process, a fault, people.

use super::super::record::FailReason;
use super::super::rules::{Counts, LaneState, Limits, Looked, Operation, Outcome, ReadClaim};
use super::machine::{Machine, Without};
use super::world::{Claim, FRAMES, LANES, LAST, NOBODY, PLACES, Process, World};

/// What makes a frame fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    /// Nothing.
    None,
    /// These frames fail whenever they are rendered, until people mend them.
    Always(&'static [usize]),
    /// This frame fails the first time.
    Once(usize),
}

/// What may happen to a process at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It dies, and its lane is run again.
    Kill,
    /// It goes on, and its lane is run again.
    Orphan,
    /// It does not see a file that is there.
    LostLookup,
}

/// What a world is made of and what may befall it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub lanes: usize,
    pub frames: usize,
    pub limits: Limits,
    pub poison: Poison,
    /// How many faults there may be.
    pub faults: u8,
    /// Of which kinds.
    pub kinds: &'static [Fault],
    /// Whether renderings are counted after an orphan too, which may race with its lane through every frame.
    pub counts_all_renders: bool,
    /// Whether people mend what failed and ask for it again.
    pub retry: bool,
}

/// Tells what happened, for a story of how a property was violated.
pub type Story = String;

/// Finds the moves of a world.
pub struct Moves {
    pub setting: Setting,
    pub machine: Machine,
    starts: [u16; LANES + 1],
}

impl Moves {
    pub fn new(setting: Setting, without: Option<Without>) -> Self {
        let mut machine = Machine::new(without);
        let frames = || (0..setting.frames).map(number);
        let mut starts = [0; LANES + 1];
        for (lane, start) in starts.iter_mut().enumerate().take(setting.lanes) {
            *start = machine.number(LaneState::ordinary(order_of(lane, setting), setting.limits));
        }
        starts[LAST] = machine.number(LaneState::last(frames(), setting.limits));
        Self {
            setting,
            machine,
            starts,
        }
    }

    pub fn first_world(&self) -> World {
        let mut world = World::new();
        for place in 0..self.setting.lanes {
            world.processes[place] = self.fresh(place);
        }
        for place in self.setting.lanes..LANES {
            world.processes[place] = Process::Succeeded;
        }
        world
    }

    /// Whether a record speaks of an output that is there and whole.
    pub fn is_done(&self, world: &World, frame: usize) -> bool {
        let files = world.files[frame];
        let sizes_count = self.machine.without == Some(Without::AcceptingWholeOutputs);
        files.record != 0 && files.output != 0 && (!sizes_count || files.record == files.output)
    }

    /// Every world that can come next. `tell` makes the stories, which cost time.
    pub fn next(&mut self, world: &World, tell: bool, found: &mut Vec<(World, Story)>) {
        let note = |text: &dyn Fn() -> String| if tell { text() } else { String::new() };
        if let Some(place) = (0..PLACES).find(|&place| self.finds_what_stays(world, place)) {
            return self.steps(world, place, found, &note);
        }
        if let Some(place) = (0..LAST).find(|&place| self.is_private(world, place)) {
            self.steps(world, place, found, &note);
            return self.faults(world, place, found, &note);
        }
        for place in 0..PLACES {
            self.steps(world, place, found, &note);
            self.faults(world, place, found, &note);
        }
        if self.setting.retry && !world.is_mended && world.processes[LAST] == Process::Failed {
            found.push((
                self.canonical(self.asked_again(world)),
                note(&|| "people ask again".to_owned()),
            ));
        }
    }

    /// One world for all those that nothing can tell apart from now on.
    ///
    /// Where no fault is to come, a frame that is done is done for everybody who looks, and what its claim says makes no
    /// difference. Two orphans are the same two, whichever came first.
    fn canonical(&self, mut world: World) -> World {
        if self.counts_no_renders(&world) {
            world.forget();
        }
        world.order_orphans();
        if self.is_settled_for_good(&world) {
            for frame in 0..self.setting.frames {
                if self.is_done(&world, frame) {
                    let counts = Counts::default().into();
                    world.files[frame].claim = Claim::Written {
                        lane: 0,
                        run: NOBODY,
                        counts,
                    };
                }
            }
        }
        world
    }

    fn counts_no_renders(&self, world: &World) -> bool {
        world.faults.had_orphan && !self.setting.counts_all_renders
            || self.setting.poison != Poison::None
    }

    fn is_settled_for_good(&self, world: &World) -> bool {
        world.faults.all == self.setting.faults && self.machine.without.is_none()
    }

    /// Whether the next step of a process changes no file and finds what nobody can change: a claim that exists goes on
    /// to exist, and a frame that is done stays done, whatever the rules say.
    ///
    /// Then nothing is lost by taking the step before everything else: whatever others do first, faults of this process
    /// included, they can do as well after it.
    fn finds_what_stays(&self, world: &World, place: usize) -> bool {
        let Process::Runs { state, .. } = world.processes[place] else {
            return false;
        };
        let accepts_whole = self.machine.without != Some(Without::AcceptingWholeOutputs);
        match self.machine.operation(state) {
            Operation::Look { frame } | Operation::LookAgain { frame, .. } => {
                accepts_whole && self.is_done(world, index(frame))
            }
            Operation::Create { frame } => world.files[index(frame)].claim != Claim::Absent,
            // Nobody looks at these files of a frame that is done for everybody.
            Operation::Read { frame } | Operation::TakeOver { frame, .. } => {
                self.is_settled_for_good(world) && self.is_done(world, index(frame))
            }
            Operation::Render { frame, .. }
            | Operation::Publish { frame, .. }
            | Operation::Record { frame, .. } => {
                world.faults.had_orphan
                    && self.is_settled_for_good(world)
                    && self.is_done(world, index(frame))
            }
            _ => false,
        }
    }

    /// Whether the next step of an ordinary lane is its own business: it touches only what no other process looks at.
    ///
    /// Other ordinary lanes leave a frame alone once it is claimed, whatever the claim says, and look only for its record
    /// and its failed file. So all that the lane does between these is nobody's business while no orphan of the same
    /// lane and none of the last lane is about, and can be taken before everything else together with what may befall
    /// the lane meanwhile. Unlike [`Self::finds_what_stays`] this rests on the rules; that every lane keeps to them is
    /// itself a property that is held against every world.
    fn is_private(&self, world: &World, place: usize) -> bool {
        let Process::Runs { state, lane, .. } = world.processes[place] else {
            return false;
        };
        let has_company = world.processes[LAST + 1..]
            .iter()
            .any(|orphan| match orphan {
                Process::Runs { lane: whose, .. } => {
                    *whose == lane || usize::from(*whose) == self.setting.lanes
                }
                _ => false,
            });
        let touches_its_own = matches!(
            self.machine.operation(state),
            Operation::Write { .. }
                | Operation::Read { .. }
                | Operation::TakeOver { .. }
                | Operation::LookAgain { .. }
                | Operation::Render { .. }
                | Operation::Publish { .. }
                | Operation::Count { .. }
                | Operation::End { .. }
        );
        self.machine.without.is_none() && touches_its_own && !has_company
    }

    fn steps(
        &mut self,
        world: &World,
        place: usize,
        found: &mut Vec<(World, Story)>,
        note: &dyn Fn(&dyn Fn() -> String) -> String,
    ) {
        let Process::Runs { state, lane, .. } = world.processes[place] else {
            return;
        };
        let operation = self.machine.operation(state);
        let truly = found.len();
        for (index, outcome) in self
            .outcomes(world, place, lane, operation)
            .into_iter()
            .enumerate()
        {
            let mut next = *world;
            self.perform(&mut next, place, state, lane, outcome);
            if index > 0 && found[truly].0 == self.canonical(next) {
                // Missing a file that makes no difference is no fault.
                continue;
            }
            next.faults.all += u8::from(index > 0);
            next.faults.lookups += u8::from(index > 0);
            let text =
                note(&|| format!("lane {lane} (place {place}): {operation:?} -> {outcome:?}"));
            found.push((self.canonical(next), text));
        }
    }

    fn faults(
        &self,
        world: &World,
        place: usize,
        found: &mut Vec<(World, Story)>,
        note: &dyn Fn(&dyn Fn() -> String) -> String,
    ) {
        let Process::Runs { state, lane, .. } = world.processes[place] else {
            return;
        };
        let is_orphan = place > LAST;
        let has_begun = is_orphan || state != self.starts[place];
        if world.faults.all >= self.setting.faults || !has_begun {
            return;
        }
        if self.setting.kinds.contains(&Fault::Kill) {
            let mut next = *world;
            next.faults.all += 1;
            next.faults.kills += 1;
            next.rename_run(small(place), NOBODY);
            next.processes[place] = if is_orphan {
                Process::Absent
            } else {
                self.fresh(place)
            };
            found.push((
                self.canonical(next),
                note(&|| format!("lane {lane} (place {place}) is killed")),
            ));
        }
        let free = (LAST + 1..PLACES).find(|&place| world.processes[place] == Process::Absent);
        if let Some(free) =
            free.filter(|_| self.setting.kinds.contains(&Fault::Orphan) && !is_orphan)
        {
            let mut next = *world;
            next.faults.all += 1;
            next.faults.had_orphan = true;
            next.rename_run(small(place), small(free));
            next.processes[free] = world.processes[place];
            next.processes[place] = self.fresh(place);
            found.push((
                self.canonical(next),
                note(&|| format!("lane {lane} (place {place}) is orphaned")),
            ));
        }
    }

    /// The true outcome first, then those that a lost lookup makes of it.
    fn outcomes(
        &self,
        world: &World,
        place: usize,
        lane: u8,
        operation: Operation,
    ) -> Vec<Outcome> {
        let may_lose = self.setting.kinds.contains(&Fault::LostLookup)
            && world.faults.all < self.setting.faults;
        let mut outcomes = vec![self.true_outcome(world, place, lane, operation)];
        match operation {
            Operation::Look { frame }
            | Operation::LookAgain { frame, .. }
            | Operation::LookAtEnd { frame }
                if may_lose =>
            {
                for (sees_failed, sees_claim) in [(true, true), (true, false), (false, true)] {
                    let seen = Outcome::Looked(world.files[index(frame)].look(
                        false,
                        sees_failed,
                        sees_claim,
                    ));
                    if !outcomes.contains(&seen) {
                        outcomes.push(seen);
                    }
                }
            }
            Operation::Read { .. }
                if may_lose && outcomes != [Outcome::Read(ReadClaim::Unreadable)] =>
            {
                outcomes.push(Outcome::Read(ReadClaim::Unreadable));
            }
            _ => {}
        }
        outcomes
    }

    fn true_outcome(&self, world: &World, place: usize, lane: u8, operation: Operation) -> Outcome {
        match operation {
            Operation::Look { frame }
            | Operation::LookAgain { frame, .. }
            | Operation::LookAtEnd { frame } => {
                let is_done = self.is_done(world, index(frame));
                Outcome::Looked(world.files[index(frame)].look(is_done, true, true))
            }
            Operation::Create { frame } => match world.files[index(frame)].claim {
                Claim::Absent => Outcome::Created,
                Claim::Empty { .. } | Claim::Written { .. } => Outcome::Exists,
            },
            Operation::Read { frame } => Outcome::Read(match world.files[index(frame)].claim {
                Claim::Absent | Claim::Empty { .. } => ReadClaim::Unreadable,
                Claim::Written { run, counts, .. } if usize::from(run) == place => {
                    ReadClaim::Mine(counts.into())
                }
                Claim::Written {
                    lane: whose,
                    counts,
                    ..
                } if whose == lane => ReadClaim::OwnLane(counts.into()),
                Claim::Written { counts, .. } => ReadClaim::OtherLane(counts.into()),
            }),
            Operation::Render { frame, .. } => Outcome::Rendered(match self.setting.poison {
                Poison::Always(frames) if frames.contains(&index(frame)) && !world.is_mended => {
                    Err(FailReason::Crash)
                }
                Poison::Once(once) if once == index(frame) && !world.has_failed_once => {
                    Err(FailReason::Crash)
                }
                _ => Ok(()),
            }),
            Operation::Publish { .. } => Outcome::Rendered(Ok(())),
            _ => Outcome::Finished,
        }
    }

    fn perform(&mut self, world: &mut World, place: usize, state: u16, lane: u8, outcome: Outcome) {
        let operation = self.machine.operation(state);
        if let Operation::End { success } = operation {
            return self.end(world, place, lane, success);
        }
        let rendering = self.touch_files(world, place, lane, operation, outcome);
        let next = self.machine.advance(state, outcome);
        world.renders += u8::from(matches!(
            self.machine.operation(next),
            Operation::Render { .. }
        ));
        world.processes[place] = Process::Runs {
            state: next,
            lane,
            rendering,
        };
    }

    /// What an operation does to the share. Answers which rendering the process has in hand.
    fn touch_files(
        &self,
        world: &mut World,
        place: usize,
        lane: u8,
        operation: Operation,
        outcome: Outcome,
    ) -> u8 {
        let without = self.machine.without;
        let Process::Runs { rendering, .. } = world.processes[place] else {
            return 0;
        };
        let run = small(place);
        let mine = |counts: Counts| Claim::Written {
            lane,
            run,
            counts: counts.into(),
        };
        match operation {
            Operation::Create { frame } if outcome == Outcome::Created => {
                world.files[index(frame)].claim = Claim::Empty { run };
            }
            Operation::Write { frame } => {
                let claim = &mut world.files[index(frame)].claim;
                // The descriptor leads to the file that was created, whatever bears its name by now.
                if *claim == (Claim::Empty { run }) {
                    *claim = mine(Counts::default());
                }
            }
            Operation::TakeOver { frame, counts } | Operation::Count { frame, counts, .. } => {
                world.files[index(frame)].claim = mine(counts);
            }
            Operation::Render { frame, .. } => {
                world.has_failed_once |= self.setting.poison == Poison::Once(index(frame));
            }
            Operation::Publish { frame, .. } if without == Some(Without::PublishingFirst) => {
                world.files[index(frame)].record = 1;
            }
            Operation::Record { frame, .. } if without == Some(Without::PublishingFirst) => {
                world.files[index(frame)].output = 1;
            }
            Operation::Publish { frame, .. } => {
                let output = &mut world.files[index(frame)].output;
                // Only where sizes count is it worth telling renderings apart.
                *output = if without == Some(Without::AcceptingWholeOutputs) {
                    *output + 1
                } else {
                    1
                };
                return *output;
            }
            Operation::Record { frame, .. } => {
                world.files[index(frame)].record = rendering;
                return 0;
            }
            Operation::RecordFailed { frame, counts, .. } => {
                world.files[index(frame)].failed =
                    Some(u8::try_from(counts.retry).expect("a small world"));
            }
            _ => {}
        }
        0
    }

    fn end(&self, world: &mut World, place: usize, lane: u8, success: bool) {
        world.rename_run(small(place), NOBODY);
        world.processes[place] = match (place, success) {
            (place, _) if place > LAST => Process::Absent,
            (_, true) => Process::Succeeded,
            (LAST, false) => Process::Failed,
            // The Manager hands a task that has failed to the next worker.
            (place, false) => {
                world.failures[usize::from(lane)] += 1;
                self.fresh(place)
            }
        };
        self.start_last(world);
    }

    /// The last lane depends on all others.
    fn start_last(&self, world: &mut World) {
        let others_succeeded = world.processes[..LAST]
            .iter()
            .all(|process| *process == Process::Succeeded);
        if others_succeeded && world.processes[LAST] == Process::Absent {
            world.processes[LAST] = self.fresh(LAST);
        }
    }

    fn asked_again(&self, world: &World) -> World {
        let mut next = World {
            is_mended: true,
            ..*world
        };
        next.processes[LAST] = Process::Absent;
        for frame in 0..self.setting.frames {
            let files = &mut next.files[frame];
            let is_done = self.is_done(world, frame);
            if files.look(is_done, true, true) != Looked::Failed {
                continue;
            }
            let home = home_of(frame, self.setting);
            let old = match files.claim {
                Claim::Written { counts, .. } => Counts::from(counts).retry,
                Claim::Absent | Claim::Empty { .. } => 0,
            };
            let retry = old.max(files.failed.unwrap_or(0).into()) + 1;
            let counts = Counts {
                fails: 0,
                lost: 0,
                retry,
            };
            files.claim = Claim::Written {
                lane: small(home),
                run: NOBODY,
                counts: counts.into(),
            };
            next.processes[home] = self.fresh(home);
        }
        self.start_last(&mut next);
        next
    }

    fn fresh(&self, place: usize) -> Process {
        let lane = if place == LAST {
            self.setting.lanes
        } else {
            place
        };
        Process::Runs {
            state: self.starts[place],
            lane: small(lane),
            rendering: 0,
        }
    }
}

/// Home chunks as `FrameSet::split_into` cuts them: frame by frame here, as there are hardly more frames than lanes.
pub fn home_of(frame: usize, setting: Setting) -> usize {
    let (size, larger) = (
        setting.frames / setting.lanes,
        setting.frames % setting.lanes,
    );
    let mut end = 0;
    for lane in 0..setting.lanes {
        end += size + usize::from(lane < larger);
        if frame < end {
            return lane;
        }
    }
    setting.lanes - 1
}

/// The order of a lane: home first, then the other chunks, the next lane's first, each from its end.
fn order_of(lane: usize, setting: Setting) -> Vec<i32> {
    let chunk =
        |lane: usize| (0..setting.frames).filter(move |&frame| home_of(frame, setting) == lane);
    let mut order: Vec<i32> = chunk(lane).map(number).collect();
    let others = (lane + 1..setting.lanes).chain(0..lane);
    order.extend(others.flat_map(|other| chunk(other).rev().map(number).collect::<Vec<_>>()));
    order
}

fn number(frame: usize) -> i32 {
    i32::try_from(frame).expect("a small world")
}

fn index(frame: i32) -> usize {
    let index = usize::try_from(frame).expect("a small world");
    assert!(index < FRAMES);
    index
}

fn small(place: usize) -> u8 {
    u8::try_from(place).expect("a small world")
}
