// SPDX-License-Identifier: Apache-2.0
//! The production transition function, remembered: it is pure, so each of its answers is asked for once.

use std::collections::HashMap;

use super::super::rules::{LaneState, Looked, Operation, Outcome, ReadClaim};

/// A rule to leave out, so that a test can show that the exploration notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// Render as soon as the claim is ours.
    LookingAgain,
    /// Take over whatever claim there is.
    LeavingOtherLanesAlone,
    /// Put the record in place first, the outputs second.
    PublishingFirst,
    /// Let the recorded size decide whether an output is whole.
    AcceptingWholeOutputs,
}

/// Lane states under small numbers.
#[derive(Default)]
pub struct Machine {
    states: Vec<LaneState>,
    numbers: HashMap<LaneState, u16>,
    answers: HashMap<(u16, Outcome), u16>,
    pub without: Option<Without>,
}

impl Machine {
    pub fn new(without: Option<Without>) -> Self {
        Self {
            without,
            ..Self::default()
        }
    }

    pub fn number(&mut self, state: LaneState) -> u16 {
        if let Some(&number) = self.numbers.get(&state) {
            return number;
        }
        let number = u16::try_from(self.states.len()).expect("few lane states");
        self.states.push(state.clone());
        self.numbers.insert(state, number);
        number
    }

    pub fn state(&self, number: u16) -> &LaneState {
        &self.states[usize::from(number)]
    }

    pub fn operation(&self, number: u16) -> Operation {
        self.state(number).operation()
    }

    pub fn advance(&mut self, number: u16, outcome: Outcome) -> u16 {
        if let Some(&next) = self.answers.get(&(number, outcome)) {
            return next;
        }
        let next = self
            .state(number)
            .clone()
            .advance(self.mutated(outcome))
            .expect("an answer");
        let next = self.past_local_steps(next);
        let next = self.number(next);
        self.answers.insert((number, outcome), next);
        next
    }

    fn mutated(&self, outcome: Outcome) -> Outcome {
        match (self.without, outcome) {
            (
                Some(Without::LeavingOtherLanesAlone),
                Outcome::Read(ReadClaim::OtherLane(counts)),
            ) => Outcome::Read(ReadClaim::OwnLane(counts)),
            _ => outcome,
        }
    }

    /// A step that touches no file is no step of its own: nobody can tell whether a process died before or after it.
    fn past_local_steps(&self, state: LaneState) -> LaneState {
        match state.operation() {
            Operation::Requeue { .. } => {
                let next = state.advance(Outcome::Finished).expect("an answer");
                self.past_local_steps(next)
            }
            Operation::LookAgain { .. } if self.without == Some(Without::LookingAgain) => state
                .advance(Outcome::Looked(Looked::Open))
                .expect("an answer"),
            _ => state,
        }
    }
}
