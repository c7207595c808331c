// SPDX-License-Identifier: Apache-2.0
//! The rules of `docs/lanes.md` as one pure transition function.
//!
//! A [`LaneState`] asks for one [`Operation`] on the share at a time; whoever performs it hands the [`Outcome`] to
//! [`LaneState::advance`], which leads to the next state. There is no time, no file and no chance in here: that is
//! what lets a test explore every interleaving of several lanes, and another replay what the renderer really did.

use std::collections::VecDeque;

use super::record::FailReason;

/// How often a frame may go wrong before it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Failures of the child at which a frame is recorded as failed.
    pub fails: u32,
    /// Takeovers above which a frame is recorded as failed; generous, so that preemption never condemns a frame.
    pub lost: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fails: 3, lost: 8 }
    }
}

/// First tries of a run after which, with no frame settled, it takes itself for unable to render at all.
const FIRST_TRIES: u8 = 2;

/// Takeovers from which on a frame goes to the end of the queue.
const LOST_GOES_LAST: u32 = 2;

/// What a claim counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Failures of the child.
    pub fails: u32,
    /// Takeovers.
    pub lost: u32,
    /// Times that people asked for the failed frame again.
    pub retry: u32,
}

/// One atomic step on the share, or one rendering, that a lane asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Read the record and the failed file; answered by [`Outcome::Looked`].
    Look {
        /// The frame.
        frame: i32,
    },
    /// Create the claim with `O_CREAT | O_EXCL`; answered by [`Outcome::Created`] or [`Outcome::Exists`].
    Create {
        /// The frame.
        frame: i32,
    },
    /// Write a fresh claim through the descriptor that `Create` opened; answered by [`Outcome::Finished`].
    Write {
        /// The frame.
        frame: i32,
    },
    /// Read the claim; answered by [`Outcome::Read`].
    Read {
        /// The frame.
        frame: i32,
    },
    /// Rename a claim with these counts over the one that is there; answered by [`Outcome::Finished`].
    TakeOver {
        /// The frame.
        frame: i32,
        /// What the new claim counts.
        counts: Counts,
    },
    /// Look once more, now that the frame is ours; answered by [`Outcome::Looked`].
    LookAgain {
        /// The frame.
        frame: i32,
        /// What our claim counts.
        counts: Counts,
    },
    /// Render into the run's own folder; answered by [`Outcome::Rendered`] or [`Outcome::CannotRender`].
    Render {
        /// The frame.
        frame: i32,
        /// What our claim counts.
        counts: Counts,
    },
    /// Check, flush and rename every output of the frame; answered by [`Outcome::Rendered`].
    Publish {
        /// The frame.
        frame: i32,
        /// What our claim counts.
        counts: Counts,
    },
    /// Rename the frame record into place; answered by [`Outcome::Finished`].
    Record {
        /// The frame.
        frame: i32,
        /// What our claim counts.
        counts: Counts,
    },
    /// Rename a claim with these counts over our own; answered by [`Outcome::Finished`].
    Count {
        /// The frame.
        frame: i32,
        /// What the claim counts from now on.
        counts: Counts,
        /// Why the try failed.
        reason: FailReason,
    },
    /// Rename the failed file into place, with the `retry` of these counts; answered by [`Outcome::Finished`].
    RecordFailed {
        /// The frame.
        frame: i32,
        /// What the claim counts.
        counts: Counts,
        /// Why the frame is given up.
        reason: FailReason,
    },
    /// Put the frame at the end of the queue. Touches no file; answered by [`Outcome::Finished`].
    Requeue {
        /// The frame.
        frame: i32,
    },
    /// Before the last lane ends, look once more at a frame that it gave up; answered by [`Outcome::Looked`].
    LookAtEnd {
        /// The frame.
        frame: i32,
    },
    /// End the run. Nothing follows.
    End {
        /// Whether it ends with success.
        success: bool,
    },
}

/// What is known of a frame from looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Looked {
    /// Rendered, with every output whole.
    Done,
    /// Given up, and nobody has asked for it again.
    Failed,
    /// Neither.
    Open,
}

impl Looked {
    /// What the files of a frame say together: an ok record outranks all, and a failed file counts only where its
    /// `retry` is at least the claim's (that of a claim that is absent or unreadable is 0).
    pub fn from_files(
        record_is_done: bool,
        failed_retry: Option<u32>,
        claim_retry: Option<u32>,
    ) -> Self {
        match failed_retry {
            _ if record_is_done => Self::Done,
            Some(retry) if retry >= claim_retry.unwrap_or(0) => Self::Failed,
            _ => Self::Open,
        }
    }
}

/// What a claim that exists already says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadClaim {
    /// It is empty, cut short or cannot be read.
    Unreadable,
    /// It is this run's.
    Mine(Counts),
    /// It is this lane's, left by another run.
    OwnLane(Counts),
    /// It is another lane's.
    OtherLane(Counts),
}

/// The answer to an [`Operation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// What looking showed.
    Looked(Looked),
    /// The claim did not exist and is ours now, though still empty.
    Created,
    /// A claim exists.
    Exists,
    /// What the claim says.
    Read(ReadClaim),
    /// A step that has only one way to go on is finished.
    Finished,
    /// The child rendered the frame, or the outputs are in their places; else why not.
    Rendered(Result<(), FailReason>),
    /// The run cannot render at all: the scene does not open, there is no GPU where one is required, and the like.
    CannotRender,
}

/// An [`Outcome`] that does not answer the [`Operation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{outcome:?} is no answer to {operation:?}")]
pub struct NoAnswer {
    /// What was asked for.
    pub operation: Operation,
    /// What came.
    pub outcome: Outcome,
}

/// A frame that the run has still to walk over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Queued {
    frame: i32,
    /// Whether it has been put at the end before; a frame is held back for its claim's counts only once.
    held_back: bool,
}

/// Whether the run can render at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum FirstTries {
    /// So many tries have failed, and none has rendered or condemned a frame.
    Failed(u8),
    /// A try has rendered its frame, or has shown that the frame is to blame.
    Settled,
}

/// Where one run of a lane stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LaneState {
    limits: Limits,
    is_last: bool,
    /// The frames after the one that `operation` is about.
    queue: VecDeque<Queued>,
    held_back: bool,
    operation: Operation,
    first_tries: FirstTries,
    /// The frames that the last lane gave up and, at its end, found undone still.
    not_done: Vec<i32>,
    /// How many of `not_done` the last lane has looked at once more.
    looked_at_end: usize,
}

impl LaneState {
    /// A run of an ordinary lane, about to walk over `order`.
    pub fn ordinary(order: impl IntoIterator<Item = i32>, limits: Limits) -> Self {
        Self::start(order, limits, false)
    }

    /// A run of the last lane, about to walk over all frames of the job.
    pub fn last(order: impl IntoIterator<Item = i32>, limits: Limits) -> Self {
        Self::start(order, limits, true)
    }

    fn start(order: impl IntoIterator<Item = i32>, limits: Limits, is_last: bool) -> Self {
        let queue = order
            .into_iter()
            .map(|frame| Queued {
                frame,
                held_back: false,
            })
            .collect();
        let state = Self {
            limits,
            is_last,
            queue,
            held_back: false,
            operation: Operation::End { success: true },
            first_tries: FirstTries::Failed(0),
            not_done: Vec::new(),
            looked_at_end: 0,
        };
        state.next_frame()
    }

    /// What the lane asks for.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The frames that the last lane leaves undone, and names when it ends; empty in an ordinary lane.
    pub fn not_done(&self) -> &[i32] {
        &self.not_done
    }

    /// The state after `outcome`, which answers [`LaneState::operation`].
    pub fn advance(self, outcome: Outcome) -> Result<Self, NoAnswer> {
        let operation = self.operation;
        Ok(match (operation, outcome) {
            (Operation::Look { .. } | Operation::LookAgain { .. }, Outcome::Looked(looked))
                if self.is_settled(looked) =>
            {
                self.next_frame()
            }
            (Operation::Look { frame }, Outcome::Looked(_)) => {
                self.ask(Operation::Create { frame })
            }
            (Operation::Create { frame }, Outcome::Created) => self.ask(Operation::Write { frame }),
            (Operation::Create { frame }, Outcome::Exists) => self.ask(Operation::Read { frame }),
            (Operation::Write { frame }, Outcome::Finished) => {
                self.claimed(frame, Counts::default())
            }
            (Operation::Read { frame }, Outcome::Read(claim)) => self.has_read(frame, claim),
            (Operation::TakeOver { frame, counts }, Outcome::Finished) => {
                self.claimed(frame, counts)
            }
            (Operation::LookAgain { frame, counts }, Outcome::Looked(_)) => {
                self.ask(Operation::Render { frame, counts })
            }
            (Operation::Render { frame, counts }, Outcome::Rendered(Ok(()))) => {
                self.ask(Operation::Publish { frame, counts })
            }
            (
                Operation::Render { frame, counts } | Operation::Publish { frame, counts },
                Outcome::Rendered(Err(reason)),
            ) => self.failed(frame, counts, reason),
            (Operation::Render { .. }, Outcome::CannotRender) => {
                self.ask(Operation::End { success: false })
            }
            (Operation::Publish { frame, counts }, Outcome::Rendered(Ok(()))) => {
                self.published(frame, counts)
            }
            (Operation::Record { .. } | Operation::RecordFailed { .. }, Outcome::Finished) => {
                self.next_frame()
            }
            (
                Operation::Count {
                    frame,
                    counts,
                    reason,
                },
                Outcome::Finished,
            ) => self.counted(frame, counts, reason),
            (Operation::Requeue { frame }, Outcome::Finished) => self.requeued(frame),
            (Operation::LookAtEnd { .. }, Outcome::Looked(looked)) => self.looked_at_end(looked),
            _ => return Err(NoAnswer { operation, outcome }),
        })
    }

    /// The last lane tries failed frames once more.
    fn is_settled(&self, looked: Looked) -> bool {
        looked == Looked::Done || (looked == Looked::Failed && !self.is_last)
    }

    fn ask(self, operation: Operation) -> Self {
        Self { operation, ..self }
    }

    fn next_frame(mut self) -> Self {
        let Some(Queued { frame, held_back }) = self.queue.pop_front() else {
            return self.look_at_end();
        };
        Self { held_back, ..self }.ask(Operation::Look { frame })
    }

    fn look_at_end(self) -> Self {
        let operation = match self.not_done.get(self.looked_at_end) {
            Some(&frame) => Operation::LookAtEnd { frame },
            None => Operation::End {
                success: self.not_done.is_empty(),
            },
        };
        self.ask(operation)
    }

    fn looked_at_end(mut self, looked: Looked) -> Self {
        if looked == Looked::Done {
            self.not_done.remove(self.looked_at_end);
        } else {
            self.looked_at_end += 1;
        }
        self.look_at_end()
    }

    fn requeued(mut self, frame: i32) -> Self {
        self.queue.push_back(Queued {
            frame,
            held_back: true,
        });
        self.next_frame()
    }

    fn claimed(self, frame: i32, counts: Counts) -> Self {
        self.ask(Operation::LookAgain { frame, counts })
    }

    fn has_read(self, frame: i32, claim: ReadClaim) -> Self {
        match claim {
            ReadClaim::Mine(counts) => self.claimed(frame, counts),
            ReadClaim::OwnLane(counts) if self.goes_last(counts) => {
                self.ask(Operation::Requeue { frame })
            }
            ReadClaim::OwnLane(counts) => self.take_over(
                frame,
                Counts {
                    lost: counts.lost.saturating_add(1),
                    ..counts
                },
            ),
            ReadClaim::OtherLane(counts) if self.is_last => self.take_over(frame, counts),
            ReadClaim::Unreadable if self.is_last => self.take_over(frame, Counts::default()),
            ReadClaim::OtherLane(_) | ReadClaim::Unreadable => self.next_frame(),
        }
    }

    /// Whether other frames come first, so that a frame that kills or fails its runs keeps none of them from the rest.
    fn goes_last(&self, counts: Counts) -> bool {
        !self.is_last && !self.held_back && (counts.fails >= 1 || counts.lost >= LOST_GOES_LAST)
    }

    fn take_over(mut self, frame: i32, counts: Counts) -> Self {
        if counts.lost > self.limits.lost {
            self.give_up(frame);
            return self.ask(Operation::RecordFailed {
                frame,
                counts,
                reason: FailReason::Lost,
            });
        }
        self.ask(Operation::TakeOver { frame, counts })
    }

    fn published(self, frame: i32, counts: Counts) -> Self {
        Self {
            first_tries: FirstTries::Settled,
            ..self
        }
        .ask(Operation::Record { frame, counts })
    }

    fn failed(mut self, frame: i32, counts: Counts, reason: FailReason) -> Self {
        if self.is_last {
            self.give_up(frame);
            return self.ask(Operation::RecordFailed {
                frame,
                counts,
                reason,
            });
        }
        let counts = Counts {
            fails: counts.fails.saturating_add(1),
            ..counts
        };
        self.ask(Operation::Count {
            frame,
            counts,
            reason,
        })
    }

    fn counted(mut self, frame: i32, counts: Counts, reason: FailReason) -> Self {
        if counts.fails >= self.limits.fails {
            self.first_tries = FirstTries::Settled;
            return self.ask(Operation::RecordFailed {
                frame,
                counts,
                reason,
            });
        }
        if let FirstTries::Failed(tries) = &mut self.first_tries {
            *tries += 1;
            if *tries == FIRST_TRIES {
                return self.ask(Operation::End { success: false });
            }
        }
        self.ask(Operation::Requeue { frame })
    }

    fn give_up(&mut self, frame: i32) {
        if self.is_last {
            self.not_done.push(frame);
        }
    }
}
