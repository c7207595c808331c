// SPDX-License-Identifier: Apache-2.0
//! Text to frame sets.

use std::str::FromStr;

use thiserror::Error;

use super::FrameSet;
use super::runs::{Operation, Run, combine};

/// Why a text is no frame set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FramesError {
    /// Nothing, or spaces only.
    #[error("no frames are given; write for example 1-250, or 1-10, 20, 30-100:2")]
    Empty,
    /// An item between two commas that holds nothing.
    #[error(
        "there is a comma without a frame beside it in \"{value}\"; write for example 1-10, 20"
    )]
    EmptyItem {
        /// The whole text.
        value: String,
    },
    /// Something else than a frame or a range.
    #[error(
        "\"{value}\" is no frame; write a frame (20), a range (1-10) or a range with a step (1-10:2)"
    )]
    NotAFrame {
        /// The item.
        value: String,
    },
    /// A frame beyond 32 bits.
    #[error(
        "\"{value}\" lies outside of the frames that Blender knows; frames go from -1048574 to 1048574"
    )]
    OutOfRange {
        /// The item.
        value: String,
    },
    /// A range that ends before it begins.
    #[error("the range \"{value}\" ends before it begins; write {last}-{first}")]
    Reversed {
        /// The item.
        value: String,
        /// Where the range begins, as written.
        first: i64,
        /// Where it ends, as written.
        last: i64,
    },
    /// A step of zero.
    #[error("\"{value}\" has a step of zero; a step is 1 or more, as in 1-10:2")]
    ZeroStep {
        /// The item.
        value: String,
    },
    /// A step behind a single frame.
    #[error("\"{value}\" gives a step to a single frame; a step belongs to a range, as in 1-10:2")]
    StepWithoutRange {
        /// The item.
        value: String,
    },
    /// Stepped ranges that interleave into millions of pieces.
    #[error(
        "the frames \"{value}\" interleave into more than four million pieces; use fewer ranges with steps"
    )]
    TooScattered {
        /// The beginning of the text.
        value: String,
    },
}

impl FromStr for FrameSet {
    type Err = FramesError;

    fn from_str(text: &str) -> Result<Self, FramesError> {
        if text.trim().is_empty() {
            return Err(FramesError::Empty);
        }
        let mut runs = Vec::new();
        for part in text.split(',') {
            let part = part.trim();
            if part.is_empty() {
                return Err(FramesError::EmptyItem {
                    value: shortened(text),
                });
            }
            runs.push(item(part)?);
        }
        let mut sets: Vec<Self> = merged(runs).into_iter().map(Self::from_run).collect();
        // In pairs, so that a list of many thousand items doesn't cost its square.
        while sets.len() > 1 {
            sets = sets
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => combine(&left.runs, &right.runs, Operation::Union)
                        .map(|runs| Self { runs })
                        .ok_or_else(|| FramesError::TooScattered {
                            value: shortened(text),
                        }),
                    _ => Ok(pair.iter().next().cloned().unwrap_or_default()),
                })
                .collect::<Result<_, _>>()?;
        }
        Ok(sets.pop().unwrap_or_default())
    }
}

impl TryFrom<&str> for FrameSet {
    type Error = FramesError;

    fn try_from(text: &str) -> Result<Self, FramesError> {
        text.parse()
    }
}

impl TryFrom<String> for FrameSet {
    type Error = FramesError;

    fn try_from(text: String) -> Result<Self, FramesError> {
        text.parse()
    }
}

/// Joins runs of one step that fall on the same frames, and puts those of small steps first: they swallow the others
/// before those interleave.
fn merged(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable_by_key(|run| (run.step, run.first.rem_euclid(run.step), run.first));
    runs.dedup_by(|next, run| {
        let joins = next.step == run.step
            && (next.first - run.first) % run.step == 0
            && (run.first..=run.last + run.step).contains(&next.first);
        if joins {
            run.last = run.last.max(next.last);
        }
        joins
    });
    runs
}

/// Checks a range; `value` is how people wrote it.
pub(super) fn range(first: i64, last: i64, step: i64, value: &str) -> Result<Run, FramesError> {
    if step < 1 {
        return Err(FramesError::ZeroStep {
            value: shortened(value),
        });
    }
    if last < first {
        return Err(FramesError::Reversed {
            value: shortened(value),
            first,
            last,
        });
    }
    Ok(Run::new(first, last, step))
}

fn item(text: &str) -> Result<Run, FramesError> {
    let not_a_frame = || FramesError::NotAFrame {
        value: shortened(text),
    };
    let (first, rest) = number(text, true, text)?;
    let Some(rest) = rest.strip_prefix('-') else {
        return match rest.chars().next() {
            None => range(first, first, 1, text),
            Some(':' | 'x' | 'X') => Err(FramesError::StepWithoutRange {
                value: shortened(text),
            }),
            Some(_) => Err(not_a_frame()),
        };
    };
    let (last, rest) = number(rest.trim_start(), true, text)?;
    if rest.is_empty() {
        return range(first, last, 1, text);
    }
    let step = rest.strip_prefix([':', 'x', 'X']).ok_or_else(not_a_frame)?;
    let (step, rest) = number(step.trim_start(), false, text)?;
    if !rest.is_empty() {
        return Err(not_a_frame());
    }
    range(first, last, step, text)
}

/// A number at the beginning of `text`, and what follows it without the spaces between. `value` is the item it is in.
fn number<'a>(text: &'a str, signed: bool, value: &str) -> Result<(i64, &'a str), FramesError> {
    let unsigned = if signed {
        text.strip_prefix('-').unwrap_or(text)
    } else {
        text
    };
    let digits = unsigned.len()
        - unsigned
            .trim_start_matches(|letter: char| letter.is_ascii_digit())
            .len();
    if digits == 0 {
        return Err(FramesError::NotAFrame {
            value: shortened(value),
        });
    }
    let (number, rest) = text.split_at(text.len() - unsigned.len() + digits);
    let frame = number.parse::<i32>().map_err(|_| FramesError::OutOfRange {
        value: shortened(value),
    })?;
    Ok((frame.into(), rest.trim_start()))
}

/// A message stays readable whatever it quotes.
fn shortened(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
