// SPDX-License-Identifier: Apache-2.0
//! Which frames of a sequence the scenes ask for, and which of them lie not on disk.

use super::expand::Expanded;
use crate::blend::{Asked, Timing};
use crate::frames::FrameSet;

/// Frames that are mapped in one trace, all sequences together, before the rest is taken as it lies on disk; a forged
/// file could ask for millions in each of thousands of sequences.
const MAX_MAPPED: u64 = 50_000_000;

/// The frames of a sequence, by the numbers in the names of its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceFrames {
    /// The numbers that the scenes' frames ask for. None where that can't be known, since a driver, a keyframe or a
    /// node chooses them, or nothing that a scene uses shows the sequence; all that lie on disk then belong to it.
    pub asked: Option<FrameSet>,
    /// Those that are asked for, but lie not on disk.
    pub missing: FrameSet,
}

/// Maps the scenes' frames to numbers.
#[derive(Debug)]
pub(super) struct Mapper<'a> {
    /// The scenes' frames; none where they can't be known.
    frames: Option<&'a FrameSet>,
    left: u64,
}

impl<'a> Mapper<'a> {
    pub fn new(frames: Option<&'a FrameSet>) -> Self {
        Self {
            frames,
            left: MAX_MAPPED,
        }
    }

    /// Whether one of the scenes' frames lies between these, both included; yes where they can't be known.
    pub fn any_within(&self, (first, last): (i64, i64)) -> bool {
        let Some(frames) = self.frames else {
            return true;
        };
        let at = |position| frames.nth(position).map(i64::from);
        let (mut low, mut high) = (0, frames.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle).is_some_and(|frame| frame < first) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        at(low).is_some_and(|frame| frame <= last)
    }

    /// What those who show a sequence ask for, `named` being the number in the name that is stored.
    pub fn ask(
        &mut self,
        timings: &[Timing],
        named: Option<i64>,
        expanded: &Expanded,
    ) -> SequenceFrames {
        let asked = named.and_then(|named| self.numbers(timings, named, expanded));
        let missing = asked.as_ref().map(|asked| {
            let on_disk = FrameSet::from_frames(expanded.numbers());
            asked.difference(&on_disk)
        });
        SequenceFrames {
            asked,
            missing: missing.unwrap_or_default(),
        }
    }

    fn numbers(&mut self, timings: &[Timing], named: i64, expanded: &Expanded) -> Option<FrameSet> {
        let frames = self.frames?;
        if timings.is_empty() {
            return None;
        }
        let mut numbers = Vec::new();
        for timing in timings {
            self.left = self.left.checked_sub(frames.len())?;
            let ends = Self::ends(timing, named, expanded);
            for frame in frames.iter() {
                let number = match timing.asked(frame.into(), named) {
                    Asked::Number(number) => number,
                    Asked::Nothing => continue,
                    _ => return None,
                };
                if ends.is_none_or(|(first, last)| (first..=last).contains(&number)) {
                    numbers.push(i32::try_from(number).ok()?);
                }
            }
        }
        Some(FrameSet::from_frames(numbers))
    }

    /// Between which numbers a sequence lies that doesn't say its length: as it was when the file was saved, and what
    /// lies on disk. Beyond them nothing is shown, as the artist saw it, so that nothing is missing there.
    fn ends(timing: &Timing, named: i64, expanded: &Expanded) -> Option<(i64, i64)> {
        let saved = timing.saved_length()?;
        let mut first = None;
        let mut last = (saved > 0).then(|| named.saturating_add(saved - 1));
        for number in expanded.numbers().map(i64::from) {
            first = Some(first.map_or(number, |first: i64| first.min(number)));
            last = Some(last.map_or(number, |last: i64| last.max(number)));
        }
        if saved > 0 {
            first = Some(first.map_or(named, |first: i64| first.min(named)));
        }
        first.zip(last)
    }
}
