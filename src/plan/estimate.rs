// SPDX-License-Identifier: Apache-2.0
//! The time that is left, told as a range that is wide while little is known.

/// A frame that is finished, and what it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinishedFrame {
    /// The frame.
    pub frame: i32,
    /// Time for the frame without loading, in seconds.
    pub seconds: f64,
    /// Time to load the scene before it, in seconds; 0 where it was loaded.
    pub load_secs: f64,
}

/// A frame that is being rendered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunningFrame {
    /// The frame.
    pub frame: i32,
    /// For how long it has been rendered, in seconds.
    pub elapsed_secs: f64,
}

/// What is known of a job on its way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Remaining<'a> {
    /// The frames that are finished, in any order.
    pub finished: &'a [FinishedFrame],
    /// The frames that are neither finished nor given up, those being rendered included.
    pub open: &'a [i32],
    /// The open frames that are being rendered.
    pub running: &'a [RunningFrame],
    /// Lanes that render at once.
    pub slots: usize,
}

/// A range of seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondsRange {
    /// It will hardly be faster than this.
    pub low: f64,
    /// It will hardly be slower than this.
    pub high: f64,
}

/// However much is known, frames differ by this factor.
const LEAST_SPREAD: f64 = 1.05;

/// How much of the time that a frame has taken longer than expected it may still take.
const OVERRUN_GOES_ON: f64 = 0.5;

/// How long the open frames will take; `None` before the first frame is finished and where none is open.
///
/// A frame is expected to take what its finished neighbours took, in proportion to its distance from them, so that the
/// scouts (first, middle and last frame) tell a scene that grows slower from its first minute on. The range comes from
/// how well that would have told the frames that are finished, and from how few they are. No slot idles but at the end,
/// where the slowest frame may be alone.
pub fn estimate(known: Remaining<'_>) -> Option<SecondsRange> {
    let curve = Curve::new(known.finished)?;
    if known.open.is_empty() {
        return None;
    }
    let spread = curve.spread();
    let expected: f64 = known.open.iter().map(|&frame| curve.at(frame)).sum();
    let longest = known
        .open
        .iter()
        .map(|&frame| curve.at(frame))
        .fold(0.0, f64::max);
    let (mut low, mut high) = (expected / spread, expected * spread);
    let mut overrun: f64 = 0.0;
    for running in known.running {
        let (at_least, at_most) = (
            curve.at(running.frame) / spread,
            curve.at(running.frame) * spread,
        );
        let elapsed = running.elapsed_secs.max(0.0);
        low -= elapsed.min(at_least);
        high -= elapsed.min(at_most);
        if elapsed > at_most {
            overrun = overrun.max(elapsed * OVERRUN_GOES_ON);
        }
    }
    let slots = known.slots.clamp(1, known.open.len());
    let slots = f64::from(u32::try_from(slots).unwrap_or(u32::MAX));
    let alone = if slots > 1.0 {
        longest * spread * (1.0 - 1.0 / slots)
    } else {
        0.0
    };
    let low = (low / slots).max(0.0);
    let high = high.max(0.0) / slots + alone.max(overrun) + curve.load_to_come(known.slots);
    Some(SecondsRange {
        low,
        high: high.max(low),
    })
}

/// What the open frames will take on one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// All of them together, in seconds; a frame being rendered counts with what it still takes.
    pub seconds: f64,
    /// The longest of them, in seconds.
    pub longest_secs: f64,
}

/// The work that is left, loading not included, as expected by [`estimate`]; `None` before the first frame is finished.
pub fn work_left(known: Remaining<'_>) -> Option<Work> {
    let curve = Curve::new(known.finished)?;
    let mut work = Work::default();
    for &frame in known.open {
        let seconds = curve.at(frame);
        work.seconds += seconds;
        work.longest_secs = work.longest_secs.max(seconds);
    }
    for running in known.running {
        let (expected, elapsed) = (curve.at(running.frame), running.elapsed_secs.max(0.0));
        let left = (expected - elapsed).max(elapsed.min(expected) * OVERRUN_GOES_ON);
        work.seconds += left.min(expected) - expected;
    }
    work.seconds = work.seconds.max(0.0);
    Some(work)
}

/// Seconds over frame numbers, in straight lines between the finished frames.
struct Curve {
    /// By frame, each once.
    points: Vec<(f64, f64)>,
    /// The longest load seen, in seconds, and how many were seen.
    longest_load_secs: f64,
    loads: usize,
}

impl Curve {
    fn new(finished: &[FinishedFrame]) -> Option<Self> {
        let usable = finished
            .iter()
            .filter(|one| one.seconds.is_finite() && one.seconds >= 0.0);
        let mut points: Vec<(f64, f64)> = usable
            .map(|one| (f64::from(one.frame), one.seconds))
            .collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        points.dedup_by(|one, other| one.0.total_cmp(&other.0).is_eq());
        let loads = || {
            finished
                .iter()
                .map(|one| one.load_secs)
                .filter(|load| load.is_finite() && *load > 0.0)
        };
        (!points.is_empty()).then(|| Self {
            points,
            longest_load_secs: loads().fold(0.0, f64::max),
            loads: loads().count(),
        })
    }

    fn at(&self, frame: i32) -> f64 {
        let frame = f64::from(frame);
        let after = self.points.partition_point(|point| point.0 < frame);
        between(
            after
                .checked_sub(1)
                .and_then(|before| self.points.get(before)),
            self.points.get(after),
            frame,
        )
    }

    /// The factor by which the sum of the open frames may be off, either way: 2 after one frame, then ever closer to
    /// what frames stray from their neighbours, shared among as many as are known.
    fn spread(&self) -> f64 {
        let count = f64::from(u32::try_from(self.points.len()).unwrap_or(u32::MAX));
        let few = count.powf(-0.75);
        (1.0 + few + 2.0 * self.straying() / count.sqrt()).max(LEAST_SPREAD)
    }

    /// By what part of itself a finished frame differs from what its neighbours would have told of it.
    fn straying(&self) -> f64 {
        let (mut off, mut total) = (0.0, 0.0);
        for window in self.points.windows(3) {
            if let [before, point, after] = window {
                off += (between(Some(before), Some(after), point.0) - point.1).abs();
                total += point.1;
            }
        }
        if total > 0.0 { off / total } else { 0.0 }
    }

    /// Slots that have not loaded the scene yet do so side by side: one load.
    fn load_to_come(&self, slots: usize) -> f64 {
        if self.loads < slots {
            self.longest_load_secs
        } else {
            0.0
        }
    }
}

/// The line through two points at `frame`; outside of them, and where there is one only, the nearest point's value.
fn between(before: Option<&(f64, f64)>, after: Option<&(f64, f64)>, frame: f64) -> f64 {
    match (before, after) {
        (Some(before), Some(after)) => {
            let part = (frame - before.0) / (after.0 - before.0);
            before.1 + part * (after.1 - before.1)
        }
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finished(frame: i32, seconds: f64) -> FinishedFrame {
        FinishedFrame {
            frame,
            seconds,
            load_secs: 0.0,
        }
    }

    fn open(first: i32, last: i32) -> Vec<i32> {
        (first..=last).collect()
    }

    #[test]
    fn nothing_is_told_before_the_first_frame_and_after_the_last() {
        assert_eq!(
            estimate(Remaining {
                open: &[1],
                slots: 1,
                ..Remaining::default()
            }),
            None
        );
        let one = [finished(1, 2.0)];
        assert_eq!(
            estimate(Remaining {
                finished: &one,
                slots: 1,
                ..Remaining::default()
            }),
            None
        );
    }

    #[test]
    fn the_range_is_wide_after_one_frame_and_narrow_after_many() {
        let many: Vec<_> = (1..=100).map(|frame| finished(frame, 2.0)).collect();
        let left = open(101, 200);
        let early = estimate(Remaining {
            finished: &many[..1],
            open: &left,
            slots: 1,
            ..Remaining::default()
        })
        .expect("told");
        let late = estimate(Remaining {
            finished: &many,
            open: &left,
            slots: 1,
            ..Remaining::default()
        })
        .expect("told");
        assert!(
            (early.low - 100.0).abs() < 1e-6 && (early.high - 400.0).abs() < 1e-6,
            "{early:?}"
        );
        assert!(
            late.low > 185.0 && late.low < 200.0 && late.high > 200.0 && late.high < 215.0,
            "{late:?}"
        );
    }

    #[test]
    fn scouts_tell_a_scene_that_grows_slower() {
        // Frame n takes n seconds: 5,050 in all, where the first frame alone would tell 100.
        let scouts = [finished(1, 1.0), finished(51, 51.0), finished(100, 100.0)];
        let left: Vec<i32> = open(1, 100)
            .into_iter()
            .filter(|frame| ![1, 51, 100].contains(frame))
            .collect();
        let range = estimate(Remaining {
            finished: &scouts,
            open: &left,
            slots: 1,
            ..Remaining::default()
        })
        .expect("told");
        let truth = f64::from(5050 - 1 - 51 - 100);
        assert!(
            range.low < truth && truth < range.high && range.high < 2.0 * range.low * 1.1,
            "{range:?}"
        );
    }

    #[test]
    fn slots_share_the_work_but_not_the_longest_frame() {
        let known: Vec<_> = (1..=50).map(|frame| finished(frame, 10.0)).collect();
        let left = open(51, 54);
        let range = estimate(Remaining {
            finished: &known,
            open: &left,
            slots: 100,
            ..Remaining::default()
        })
        .expect("told");
        assert!(
            range.low <= 10.0 && range.high >= 10.0 && range.high < 25.0,
            "{range:?}"
        );
    }

    #[test]
    fn a_frame_that_overruns_widens_the_range_upwards() {
        let known: Vec<_> = (1..=50).map(|frame| finished(frame, 1.0)).collect();
        let running = [RunningFrame {
            frame: 51,
            elapsed_secs: 60.0,
        }];
        let range = estimate(Remaining {
            finished: &known,
            open: &[51],
            running: &running,
            slots: 1,
        })
        .expect("told");
        assert!(range.low.abs() < 1e-9 && range.high >= 30.0, "{range:?}");
    }

    #[test]
    fn the_work_that_is_left_is_what_the_open_frames_are_expected_to_take() {
        let known = [finished(1, 10.0), finished(5, 30.0)];
        let running = [RunningFrame {
            frame: 3,
            elapsed_secs: 5.0,
        }];
        let work = work_left(Remaining {
            finished: &known,
            open: &[3, 5],
            running: &running,
            slots: 1,
        })
        .expect("known");
        assert!((work.seconds - 45.0).abs() < 1e-9, "{work:?}");
        assert!((work.longest_secs - 30.0).abs() < 1e-9, "{work:?}");
        assert_eq!(work_left(Remaining::default()), None);
    }

    #[test]
    fn a_slot_that_has_yet_to_load_adds_a_load_to_the_high_end() {
        let loaded = [FinishedFrame {
            load_secs: 45.0,
            ..finished(1, 1.0)
        }];
        let left = open(2, 3);
        let one = estimate(Remaining {
            finished: &loaded,
            open: &left,
            slots: 1,
            ..Remaining::default()
        })
        .expect("told");
        let two = estimate(Remaining {
            finished: &loaded,
            open: &left,
            slots: 2,
            ..Remaining::default()
        })
        .expect("told");
        assert!(one.high < 10.0 && two.high > 45.0, "{one:?} {two:?}");
    }

    proptest! {
        #[test]
        fn a_range_is_finite_ordered_and_not_negative(
            seconds in proptest::collection::vec(prop_oneof![0.0..1e6, Just(f64::NAN), Just(f64::INFINITY)], 0..30),
            left in proptest::collection::vec(-1000_i32..1000, 0..30),
            elapsed in proptest::collection::vec(-10.0..1e7, 0..5),
            slots in 0_usize..50,
        ) {
            let known: Vec<_> = (0..).zip(&seconds).map(|(frame, &seconds)| finished(frame, seconds)).collect();
            let running: Vec<_> = left.iter().zip(&elapsed)
                .map(|(&frame, &elapsed_secs)| RunningFrame { frame, elapsed_secs }).collect();
            if let Some(range) = estimate(Remaining { finished: &known, open: &left, running: &running, slots }) {
                prop_assert!(range.low >= 0.0 && range.low <= range.high && range.high.is_finite(), "{:?}", range);
            }
        }
    }
}
