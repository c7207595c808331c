// SPDX-License-Identifier: Apache-2.0
//! Holds what the renderer really did against the rules.
//!
//! With `FARMHAND_LANE_TRACE` set the renderer writes down each step (`docs/lanes.md`, Traces). Here every step must be
//! the operation that the transition function asks for, and its result leads on to the next.

use std::collections::HashMap;

use serde::Deserialize;

use super::record::FailReason;
use super::rules::{Counts, LaneState, Limits, Looked, Operation, Outcome, ReadClaim};

/// A trace that does not follow the rules, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the trace: {what}")]
pub struct ReplayError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// How much was replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Runs of lanes.
    pub runs: usize,
    /// Steps after the start of each run.
    pub steps: usize,
    /// Runs that were cut off: whoever did them was killed.
    pub cut_off: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Start,
    Look,
    Create,
    Write,
    Read,
    TakeOver,
    LookAgain,
    Render,
    Publish,
    Record,
    Count,
    RecordFailed,
    Requeue,
    End,
}

#[derive(Debug, Deserialize)]
struct Line {
    run: String,
    lane: u32,
    step: Step,
    frame: Option<i32>,
    result: Option<String>,
    #[serde(default)]
    last: bool,
    #[serde(default)]
    order: Vec<i32>,
    fails: Option<u32>,
    lost: Option<u32>,
    retry: Option<u32>,
}

impl Line {
    fn counts(&self) -> Counts {
        let count = |number: Option<u32>| number.unwrap_or(0);
        Counts {
            fails: count(self.fails),
            lost: count(self.lost),
            retry: count(self.retry),
        }
    }

    fn result(&self) -> &str {
        self.result.as_deref().unwrap_or("")
    }
}

struct Run {
    lane: u32,
    state: LaneState,
    has_ended: bool,
}

/// Replays the lines of a trace, in which the steps of several runs may be mixed.
///
/// A last line without an end is left out: a process that is killed may leave half of one.
pub fn replay(trace: &str) -> Result<Replayed, ReplayError> {
    let mut runs: HashMap<String, Run> = HashMap::new();
    let mut replayed = Replayed::default();
    let whole = trace
        .rfind('\n')
        .and_then(|end| trace.get(..end))
        .unwrap_or("");
    for (index, text) in whole.lines().enumerate() {
        let failed = |what| ReplayError {
            line: index + 1,
            what,
        };
        let line: Line =
            serde_json::from_str(text).map_err(|error| failed(format!("{error} in {text}")))?;
        if line.step == Step::Start {
            let state = if line.last {
                LaneState::last
            } else {
                LaneState::ordinary
            }(line.order.iter().copied(), Limits::default());
            if runs
                .insert(
                    line.run,
                    Run {
                        lane: line.lane,
                        state,
                        has_ended: false,
                    },
                )
                .is_some()
            {
                return Err(failed("the run has started before".to_owned()));
            }
            replayed.runs += 1;
            continue;
        }
        let run = runs
            .get_mut(&line.run)
            .ok_or_else(|| failed("the run has not started".to_owned()))?;
        run.take(&line).map_err(failed)?;
        replayed.steps += 1;
    }
    replayed.cut_off = runs.values().filter(|run| !run.has_ended).count();
    Ok(replayed)
}

impl Run {
    fn take(&mut self, line: &Line) -> Result<(), String> {
        if self.has_ended {
            return Err("the run has ended before".to_owned());
        }
        if self.lane != line.lane {
            return Err(format!(
                "the run is of lane {}, not of lane {}",
                self.lane, line.lane
            ));
        }
        if line.step == Step::End {
            return self.end(line);
        }
        let asked = self.state.operation();
        let differs = || {
            format!(
                "the rules ask for {asked:?}, the renderer did {:?} {}",
                line.step,
                line.result()
            )
        };
        if line.frame.is_none() || line.frame != frame_of(asked) {
            return Err(format!("{} with frame {:?}", differs(), line.frame));
        }
        if (line.step, line.result()) == (Step::TakeOver, "over_limit") {
            // No step of its own: it only says why the frame is given up next.
            let gives_up = matches!(
                asked,
                Operation::RecordFailed {
                    reason: FailReason::Lost,
                    ..
                }
            );
            return if gives_up { Ok(()) } else { Err(differs()) };
        }
        let outcome = outcome(asked, line).ok_or_else(differs)?;
        self.advance(outcome)
    }

    fn advance(&mut self, outcome: Outcome) -> Result<(), String> {
        self.state = self
            .state
            .clone()
            .advance(outcome)
            .map_err(|error| error.to_string())?;
        Ok(())
    }

    /// A run may end with failure wherever it is: it found that it cannot render at all, or could not write.
    fn end(&mut self, line: &Line) -> Result<(), String> {
        let success = match line.result() {
            "success" => true,
            "failure" => false,
            other => {
                return Err(format!(
                    "a run ends with success or failure, not with {other:?}"
                ));
            }
        };
        // The trace has no line for these looks; the end says how they went together.
        while let Operation::LookAtEnd { .. } = self.state.operation() {
            self.advance(Outcome::Looked(if success {
                Looked::Done
            } else {
                Looked::Open
            }))?;
        }
        let asked = self.state.operation();
        let follows = asked == Operation::End { success }
            || !success && !matches!(asked, Operation::End { .. });
        self.has_ended = true;
        if follows {
            Ok(())
        } else {
            Err(format!(
                "the rules ask for {asked:?}, the run ended with {}",
                line.result()
            ))
        }
    }
}

/// The outcome that a line tells, where it tells of the operation that was asked for.
fn outcome(asked: Operation, line: &Line) -> Option<Outcome> {
    let counts = line.counts();
    Some(match (asked, line.step, line.result()) {
        (Operation::Look { .. }, Step::Look, looked)
        | (Operation::LookAgain { .. }, Step::LookAgain, looked) => Outcome::Looked(match looked {
            "done" => Looked::Done,
            "failed" => Looked::Failed,
            "open" => Looked::Open,
            _ => return None,
        }),
        (Operation::Create { .. }, Step::Create, "created") => Outcome::Created,
        (Operation::Create { .. }, Step::Create, "exists") => Outcome::Exists,
        (Operation::Read { .. }, Step::Read, whose) => Outcome::Read(match whose {
            "unreadable" => ReadClaim::Unreadable,
            "mine" => ReadClaim::Mine(counts),
            "own_lane" => ReadClaim::OwnLane(counts),
            "other_lane" => ReadClaim::OtherLane(counts),
            _ => return None,
        }),
        // Why a try failed the trace tells only once the frame is given up; the rules treat every reason alike.
        (Operation::Render { .. }, Step::Render, result)
        | (Operation::Publish { .. }, Step::Publish, result) => Outcome::Rendered(match result {
            "ok" => Ok(()),
            "failed" => Err(FailReason::Error),
            _ => return None,
        }),
        (Operation::Count { counts, .. }, Step::Count, _) if line.fails == Some(counts.fails) => {
            Outcome::Finished
        }
        (Operation::RecordFailed { reason, .. }, Step::RecordFailed, told)
            if (reason == FailReason::Lost) == (told == FailReason::Lost.as_str()) =>
        {
            Outcome::Finished
        }
        (Operation::TakeOver { .. }, Step::TakeOver, "renamed")
        | (Operation::Write { .. }, Step::Write, _)
        | (Operation::Record { .. }, Step::Record, _)
        | (Operation::Requeue { .. }, Step::Requeue, _) => Outcome::Finished,
        _ => return None,
    })
}

fn frame_of(operation: Operation) -> Option<i32> {
    match operation {
        Operation::Look { frame }
        | Operation::Create { frame }
        | Operation::Write { frame }
        | Operation::Read { frame }
        | Operation::TakeOver { frame, .. }
        | Operation::LookAgain { frame, .. }
        | Operation::Render { frame, .. }
        | Operation::Publish { frame, .. }
        | Operation::Record { frame, .. }
        | Operation::Count { frame, .. }
        | Operation::RecordFailed { frame, .. }
        | Operation::Requeue { frame }
        | Operation::LookAtEnd { frame } => Some(frame),
        Operation::End { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of run `a` of lane 0, from `step`, `frame` and more keys each.
    fn trace(order: &str, steps: &[(&str, i32, &str)]) -> String {
        let start = format!(r#""frame": null, "step": "start", "last": false, "order": {order}"#);
        let rest = steps.iter().map(|(step, frame, more)| {
            let comma = if more.is_empty() { "" } else { ", " };
            format!(r#""frame": {frame}, "step": "{step}"{comma}{more}"#)
        });
        let lines = std::iter::once(start).chain(rest);
        let lines: Vec<String> = lines
            .map(|line| format!(r#"{{"run": "a", "lane": 0, {line}}}"#))
            .collect();
        lines.join("\n") + "\n"
    }

    const OPEN: &str = "\"result\": \"open\"";
    const END: &str = "{\"run\": \"a\", \"lane\": 0, \"frame\": null, \"step\": \"end\", \"result\": \"success\"}\n";

    const RENDERED: [(&str, i32, &str); 7] = [
        ("look", 1, OPEN),
        ("create", 1, "\"result\": \"created\""),
        ("write", 1, ""),
        ("look_again", 1, OPEN),
        ("render", 1, "\"result\": \"ok\""),
        ("publish", 1, "\"result\": \"ok\""),
        ("record", 1, ""),
    ];

    #[test]
    fn a_frame_that_is_rendered_follows_the_rules() {
        let text = trace("[1]", &RENDERED) + END;
        assert_eq!(
            replay(&text),
            Ok(Replayed {
                runs: 1,
                steps: 8,
                cut_off: 0
            })
        );
    }

    #[test]
    fn a_run_that_was_killed_is_followed_as_far_as_it_went() {
        let text = trace("[1]", &RENDERED[..4]) + "{\"run\": \"a\", \"la";
        assert_eq!(
            replay(&text),
            Ok(Replayed {
                runs: 1,
                steps: 4,
                cut_off: 1
            })
        );
    }

    #[test]
    fn recording_before_publishing_is_told_with_its_line() {
        let mut steps = RENDERED;
        steps.swap(5, 6);
        let error = replay(&(trace("[1]", &steps) + END)).expect_err("against the rules");
        assert_eq!(error.line, 7);
        assert!(
            error.what.contains("Publish") && error.what.contains("Record"),
            "{error}"
        );
    }

    #[test]
    fn rendering_without_looking_again_and_another_frame_than_asked_for_are_told() {
        let mut steps = RENDERED.to_vec();
        steps.remove(3);
        assert_eq!(
            replay(&trace("[1]", &steps))
                .expect_err("against the rules")
                .line,
            5
        );
        assert_eq!(
            replay(&trace("[2]", &RENDERED))
                .expect_err("against the rules")
                .line,
            2
        );
    }

    #[test]
    fn failures_are_counted_and_held_back_as_the_rules_say() {
        let failed = [
            ("look", 1, OPEN),
            ("create", 1, "\"result\": \"exists\""),
            (
                "read",
                1,
                "\"result\": \"own_lane\", \"fails\": 2, \"lost\": 0, \"retry\": 0",
            ),
            ("requeue", 1, ""),
            ("look", 1, OPEN),
            ("create", 1, "\"result\": \"exists\""),
            (
                "read",
                1,
                "\"result\": \"own_lane\", \"fails\": 2, \"lost\": 0, \"retry\": 0",
            ),
            ("take_over", 1, "\"result\": \"renamed\""),
            ("look_again", 1, OPEN),
            ("render", 1, "\"result\": \"failed\""),
            ("count", 1, "\"fails\": 3"),
            ("record_failed", 1, "\"result\": \"crash\""),
        ];
        assert_eq!(
            replay(&(trace("[1]", &failed) + END)),
            Ok(Replayed {
                runs: 1,
                steps: 13,
                cut_off: 0
            })
        );
    }

    #[test]
    fn a_frame_lost_too_often_is_given_up_as_the_rules_say() {
        let lost = [
            ("look", 1, OPEN),
            ("create", 1, "\"result\": \"exists\""),
            (
                "read",
                1,
                "\"result\": \"own_lane\", \"fails\": 0, \"lost\": 8, \"retry\": 0",
            ),
            ("requeue", 1, ""),
            ("look", 1, OPEN),
            ("create", 1, "\"result\": \"exists\""),
            (
                "read",
                1,
                "\"result\": \"own_lane\", \"fails\": 0, \"lost\": 8, \"retry\": 0",
            ),
            ("take_over", 1, "\"result\": \"over_limit\""),
            ("record_failed", 1, "\"result\": \"lost\""),
        ];
        assert_eq!(
            replay(&(trace("[1]", &lost) + END)),
            Ok(Replayed {
                runs: 1,
                steps: 10,
                cut_off: 0
            })
        );
    }

    #[test]
    fn a_run_that_cannot_render_at_all_may_end_with_failure_anywhere_but_never_with_success() {
        let text = trace("[1]", &RENDERED[..4]);
        assert!(replay(&(text.clone() + &END.replace("success", "failure"))).is_ok());
        assert!(replay(&(text + END)).is_err());
        assert!(replay(&(trace("[1]", &RENDERED) + &END.replace("success", "failure"))).is_err());
    }

    #[test]
    fn a_line_of_no_run_or_after_its_end_or_that_is_no_json_is_told() {
        assert_eq!(replay(END).expect_err("never started").line, 1);
        assert_eq!(
            replay(&(trace("[]", &[]) + END + END))
                .expect_err("ended")
                .line,
            3
        );
        assert_eq!(replay("nonsense\n").expect_err("no JSON").line, 1);
    }
}
