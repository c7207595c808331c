// SPDX-License-Identifier: Apache-2.0
//! Progressions, the one way to cut a set into them, and set algebra on them.

use std::cmp::Ordering;
use std::fmt;

/// A set that needs more progressions than this is refused: no shot does, and its text would fill memory.
pub(super) const MAX_RUNS: usize = 4_000_000;

/// `first`, `first + step`, … `last`; a single frame has step 1, two frames that aren't neighbours are two runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub first: i64,
    pub last: i64,
    pub step: i64,
}

impl Run {
    /// The last frame of the progression may lie before `last`.
    pub fn new(first: i64, last: i64, step: i64) -> Self {
        Self {
            first,
            last: last - (last - first) % step,
            step,
        }
    }

    pub fn len(&self) -> u64 {
        u64::try_from((self.last - self.first) / self.step + 1).unwrap_or(0)
    }

    pub fn at(&self, index: u64) -> i64 {
        i64::try_from(index).map_or(self.last, |index| self.first + index * self.step)
    }

    pub fn contains(&self, frame: i64) -> bool {
        (self.first..=self.last).contains(&frame) && (frame - self.first) % self.step == 0
    }

    /// The first `count` frames, and the others where there are any.
    pub fn split_at(&self, count: u64) -> (Self, Option<Self>) {
        if count >= self.len() {
            return (*self, None);
        }
        let middle = self.at(count);
        (
            Self {
                last: middle - self.step,
                ..*self
            },
            Some(Self {
                first: middle,
                ..*self
            }),
        )
    }

    /// The frames from `low` to `high`.
    fn within(&self, low: i64, high: i64) -> Option<Self> {
        let skipped = (low - self.first).max(0);
        let first = self.first + (skipped + self.step - 1) / self.step * self.step;
        let last = self.last.min(high);
        (first <= last).then(|| Self::new(first, last, self.step))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { first, last, .. } if first == last => write!(formatter, "{first}"),
            Self {
                first,
                last,
                step: 1,
            } => write!(formatter, "{first}-{last}"),
            Self { first, last, step } => write!(formatter, "{first}-{last}:{step}"),
        }
    }
}

/// Takes frames in ascending order and cuts them into runs, greedily and always alike: neighbours make a run, and so
/// do three frames or more with equal gaps.
#[derive(Default)]
pub(super) struct Builder {
    done: Vec<Run>,
    /// The run that may still grow; while it holds two frames its step is their gap, whatever that is.
    open: Option<Run>,
}

impl Builder {
    /// Adds a frame that is higher than all before it.
    pub fn push(&mut self, frame: i64) {
        self.open = Some(match self.open {
            None => Run {
                first: frame,
                last: frame,
                step: 1,
            },
            Some(run) if run.first == run.last => Run {
                first: run.first,
                last: frame,
                step: frame - run.first,
            },
            Some(run) if frame - run.last == run.step => Run { last: frame, ..run },
            Some(run) if is_loose_pair(&run) => {
                self.done.push(Run {
                    first: run.first,
                    last: run.first,
                    step: 1,
                });
                Run {
                    first: run.last,
                    last: frame,
                    step: frame - run.last,
                }
            }
            Some(run) => {
                self.done.push(run);
                Run {
                    first: frame,
                    last: frame,
                    step: 1,
                }
            }
        });
    }

    /// Adds a run that lies above all frames before it, as if frame by frame.
    pub fn push_run(&mut self, run: Run) {
        let mut rest = Some(run);
        while let Some(run) = rest {
            match &mut self.open {
                Some(open)
                    if open.first < open.last
                        && open.step == run.step
                        && open.last + open.step == run.first =>
                {
                    open.last = run.last;
                    return;
                }
                _ => {
                    let (head, tail) = run.split_at(1);
                    self.push(head.first);
                    rest = tail;
                }
            }
        }
    }

    pub fn len(&self) -> usize {
        self.done.len()
    }

    pub fn finish(mut self) -> Vec<Run> {
        match self.open {
            Some(run) if is_loose_pair(&run) => {
                self.done.push(Run {
                    first: run.first,
                    last: run.first,
                    step: 1,
                });
                self.done.push(Run {
                    first: run.last,
                    last: run.last,
                    step: 1,
                });
            }
            Some(run) => self.done.push(run),
            None => {}
        }
        self.done
    }
}

fn is_loose_pair(run: &Run) -> bool {
    run.step > 1 && run.first + run.step == run.last
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Union,
    Difference,
}

/// The union or difference of two lists of runs, or none where it has too many pieces.
///
/// The line is walked in stretches within which each list holds one run at most; only a stretch in which two runs
/// interleave is walked frame by frame.
pub(super) fn combine(left: &[Run], right: &[Run], operation: Operation) -> Option<Vec<Run>> {
    let mut builder = Builder::default();
    let (mut left, mut right) = (Cursor::new(left), Cursor::new(right));
    while builder.len() <= MAX_RUNS {
        let (a, b) = match (left.run, right.run) {
            (None, None) => return Some(builder.finish()),
            (Some(a), None) => {
                builder.push_run(a);
                left.skip_to(a.last + 1);
                continue;
            }
            (None, Some(b)) => {
                if operation == Operation::Union {
                    builder.push_run(b);
                }
                right.skip_to(b.last + 1);
                continue;
            }
            (Some(a), Some(b)) => (a, b),
        };
        let low = a.first.min(b.first);
        let high = match a.first.cmp(&b.first) {
            Ordering::Equal => a.last.min(b.last),
            Ordering::Less => a.last.min(b.first - 1),
            Ordering::Greater => b.last.min(a.first - 1),
        };
        let (in_a, in_b) = (a.within(low, high), b.within(low, high));
        match (in_a, in_b) {
            (Some(a), Some(b)) => interleave(&mut builder, a, b, operation),
            (Some(a), None) => builder.push_run(a),
            (None, Some(b)) if operation == Operation::Union => builder.push_run(b),
            _ => {}
        }
        left.skip_to(high + 1);
        right.skip_to(high + 1);
    }
    None
}

/// Two runs of the same stretch.
fn interleave(builder: &mut Builder, a: Run, b: Run, operation: Operation) {
    if a.step % b.step == 0 && b.contains(a.first) && b.contains(a.last) {
        if operation == Operation::Union {
            builder.push_run(b);
        }
        return;
    }
    if operation == Operation::Union
        && b.step % a.step == 0
        && a.contains(b.first)
        && a.contains(b.last)
    {
        builder.push_run(a);
        return;
    }
    let (mut in_a, mut in_b) = (Some(a), Some(b));
    while builder.len() <= MAX_RUNS {
        let (frame, from_a, from_b) = match (in_a, in_b) {
            (Some(a), Some(b)) => (a.first.min(b.first), a.first <= b.first, b.first <= a.first),
            (Some(a), None) => (a.first, true, false),
            (None, Some(b)) => (b.first, false, true),
            (None, None) => return,
        };
        if operation == Operation::Union || !from_b {
            builder.push(frame);
        }
        if from_a {
            in_a = in_a.and_then(|run| run.split_at(1).1);
        }
        if from_b {
            in_b = in_b.and_then(|run| run.split_at(1).1);
        }
    }
}

/// What is left of a list of runs.
struct Cursor<'a> {
    run: Option<Run>,
    rest: std::slice::Iter<'a, Run>,
}

impl<'a> Cursor<'a> {
    fn new(runs: &'a [Run]) -> Self {
        let mut rest = runs.iter();
        Self {
            run: rest.next().copied(),
            rest,
        }
    }

    fn skip_to(&mut self, low: i64) {
        while let Some(run) = self.run {
            self.run = run.within(low, run.last);
            if self.run.is_some() {
                return;
            }
            self.run = self.rest.next().copied();
        }
    }
}
