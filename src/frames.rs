// SPDX-License-Identifier: Apache-2.0
//! Frame sets: `1-10, 20, 30-100:2`.
//!
//! A [`FrameSet`] is a set of Blender frame numbers that is kept as progressions, so that ten million frames cost a
//! few bytes and are listed only by whoever asks for it. Two sets with the same frames are equal and print alike.

mod parse;
mod runs;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use parse::FramesError;
use runs::{Builder, Operation, Run, combine};

/// A set of frames, in ascending order.
///
/// Written as items separated by commas: a frame (`20`), a range (`1-10`) or a range with a step (`30-100:2`, also
/// `30-100x2`). Frames may be negative (`-10--5`). Spaces, duplicates and overlaps do no harm. [`fmt::Display`] gives
/// the canonical form: ascending, without spaces around `-` and `:`, steps with a colon.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct FrameSet {
    /// Ascending, spans disjoint, in the one form that [`Builder`] makes of a set.
    runs: Vec<Run>,
}

impl FrameSet {
    /// The frames from `first` to `last`, both included, with a step of at least one.
    pub fn from_range(first: i32, last: i32, step: u32) -> Result<Self, FramesError> {
        parse::range(
            first.into(),
            last.into(),
            step.into(),
            &format!("{first}-{last}:{step}"),
        )
        .map(Self::from_run)
    }

    /// The set of the given frames, in whatever order and however often they come.
    pub fn from_frames(frames: impl IntoIterator<Item = i32>) -> Self {
        let mut frames: Vec<i32> = frames.into_iter().collect();
        frames.sort_unstable();
        frames.dedup();
        let mut builder = Builder::default();
        for frame in frames {
            builder.push(frame.into());
        }
        Self {
            runs: builder.finish(),
        }
    }

    fn from_run(run: Run) -> Self {
        let mut builder = Builder::default();
        builder.push_run(run);
        Self {
            runs: builder.finish(),
        }
    }

    /// The number of frames.
    pub fn len(&self) -> u64 {
        self.runs.iter().map(Run::len).sum()
    }

    /// Whether there is no frame; text never parses to such a set.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The lowest frame.
    pub fn first(&self) -> Option<i32> {
        self.runs.first().map(|run| frame(run.first))
    }

    /// The highest frame.
    pub fn last(&self) -> Option<i32> {
        self.runs.last().map(|run| frame(run.last))
    }

    /// The frame at a position counted from zero; found without listing the frames before it.
    pub fn nth(&self, position: u64) -> Option<i32> {
        let mut left = position;
        for run in &self.runs {
            if left < run.len() {
                return Some(frame(run.at(left)));
            }
            left -= run.len();
        }
        None
    }

    /// Whether the frame is in the set.
    pub fn contains(&self, frame: i32) -> bool {
        let frame = i64::from(frame);
        let after = self.runs.partition_point(|run| run.first <= frame);
        after
            .checked_sub(1)
            .and_then(|index| self.runs.get(index))
            .is_some_and(|run| run.contains(frame))
    }

    /// The frames, ascending; from the back they come descending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = i32> + Clone + use<'_> {
        self.runs
            .iter()
            .flat_map(|run| (0..run.len()).map(move |index| frame(run.at(index))))
    }

    /// Contiguous chunks, in order, whose sizes differ by one at most, the larger ones first: `parts` of them, or one
    /// per frame where there are fewer frames. None is empty.
    pub fn split_into(&self, parts: usize) -> Vec<Self> {
        let total = self.len();
        let parts = u64::try_from(parts).unwrap_or(u64::MAX).min(total);
        let Some(size) = total.checked_div(parts) else {
            return Vec::new();
        };
        let larger = total % parts;
        let mut rest = self.runs.iter().copied();
        let mut pending = rest.next();
        (0..parts)
            .map(|part| {
                let mut wanted = size + u64::from(part < larger);
                let mut builder = Builder::default();
                while wanted > 0 {
                    let Some(run) = pending else { break };
                    let (head, tail) = run.split_at(wanted);
                    wanted -= head.len();
                    builder.push_run(head);
                    pending = tail.or_else(|| rest.next());
                }
                Self {
                    runs: builder.finish(),
                }
            })
            .collect()
    }

    /// The frames of either set; refused where they interleave into more than four million pieces.
    pub fn union(&self, other: &Self) -> Result<Self, FramesError> {
        combine(&self.runs, &other.runs, Operation::Union)
            .map(|runs| Self { runs })
            .ok_or_else(|| FramesError::TooScattered {
                value: format!("{self:.60}, {other:.60}"),
            })
    }

    /// The frames of this set that aren't in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let runs = combine(&self.runs, &other.runs, Operation::Difference);
        runs.map_or_else(
            || Self::from_frames(self.iter().filter(|frame| !other.contains(*frame))),
            |runs| Self { runs },
        )
    }
}

/// Frames enter as `i32`, and nothing in between makes one that lies outside of those that entered.
fn frame(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

impl fmt::Display for FrameSet {
    /// The canonical form. A precision (`{:.60}`) cuts it for messages.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = formatter.precision().unwrap_or(usize::MAX);
        let mut written = 0;
        for (index, run) in self.runs.iter().enumerate() {
            let item = if index == 0 {
                run.to_string()
            } else {
                format!(", {run}")
            };
            written += item.len();
            if written > limit {
                return formatter.write_str(", …");
            }
            formatter.write_str(&item)?;
        }
        Ok(())
    }
}

impl fmt::Debug for FrameSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FrameSet({self:.200})")
    }
}

impl Serialize for FrameSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FrameSet {
    /// As text is parsed, but that an empty text, which the empty set is written as, reads back as it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if text.is_empty() {
            Ok(Self::default())
        } else {
            text.parse().map_err(serde::de::Error::custom)
        }
    }
}
