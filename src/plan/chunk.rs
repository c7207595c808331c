// SPDX-License-Identifier: Apache-2.0
//! The best single chunk size where a farm knows no lanes: Flamenco's own job type starts Blender for each chunk.

use std::collections::BTreeMap;

use crate::frames::FrameSet;

/// How long a Flamenco worker pauses between two tasks, in seconds (its default).
const PAUSE_SECS: f64 = 5.0;

/// What the size of a chunk depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChunkNeeds {
    /// Frames of the job.
    pub frames: u64,
    /// Workers that can be running.
    pub workers: usize,
    /// What a frame takes on average, in seconds.
    pub frame_secs: f64,
    /// What starting Blender and loading the scene take, in seconds.
    pub load_secs: f64,
    /// How often a worker is taken away, per hour.
    pub preemptions_per_hour: f64,
}

/// The chunk size with which the job is expected to end first; the smaller one of two that are alike.
///
/// Each chunk costs a pause and a load, workers end in rounds, and a chunk that is interrupted starts again.
pub fn best_chunk_size(needs: ChunkNeeds) -> u64 {
    let workers = u64::try_from(needs.workers).unwrap_or(u64::MAX).max(1);
    let largest = needs.frames.div_ceil(workers).max(1);
    // A chunk is worth looking at only where a larger one would need fewer rounds: for each number of rounds, the
    // smallest chunk that does with it.
    let mut best = (f64::INFINITY, 1);
    let mut size = largest;
    loop {
        let rounds = needs.frames.div_ceil(size).div_ceil(workers).max(1);
        let smallest = needs.frames.div_ceil(rounds.saturating_mul(workers)).max(1);
        let seconds = to_float(rounds) * chunk_secs(needs, smallest);
        if seconds <= best.0 {
            best = (seconds, smallest);
        }
        if smallest <= 1 {
            return best.1;
        }
        size = smallest - 1;
    }
}

/// As [`best_chunk_size`] where it is known what frames take: the chunks are handed to workers in order, as a Manager does.
/// A frame that is not known takes what the known ones take on average, or `needs.frame_secs` where there are none.
pub fn best_chunk_size_by_costs(
    needs: ChunkNeeds,
    frames: &FrameSet,
    costs: &BTreeMap<i32, f64>,
) -> u64 {
    let usable = |seconds: &f64| seconds.is_finite() && *seconds >= 0.0;
    let known: Vec<f64> = costs.values().copied().filter(usable).collect();
    let usual = if known.is_empty() {
        needs.frame_secs
    } else {
        known.iter().sum::<f64>() / to_float(known.len().try_into().unwrap_or(u64::MAX))
    };
    let seconds: Vec<f64> = frames
        .iter()
        .map(|frame| costs.get(&frame).copied().filter(usable).unwrap_or(usual))
        .collect();
    let mut best = (f64::INFINITY, 1);
    for size in sizes(needs) {
        let ends = ends_after(needs, &seconds, size);
        // Chunks that gain nothing worth the name only lose more when a worker is killed.
        if ends < best.0 * 0.99 {
            best = (ends, size);
        }
    }
    best.1
}

/// The sizes that are tried: every one of the first hundred, then steps of a twentieth, up to one chunk for each worker.
fn sizes(needs: ChunkNeeds) -> impl Iterator<Item = u64> {
    let workers = u64::try_from(needs.workers).unwrap_or(u64::MAX).max(1);
    let largest = needs.frames.div_ceil(workers).max(1);
    let next = move |size: &u64| {
        let next = size.saturating_add((size / 20).max(1)).min(largest);
        (next > *size).then_some(next)
    };
    std::iter::successors(Some(1), next)
}

/// When the last worker ends, in seconds, where each takes the next chunk as soon as it is free.
fn ends_after(needs: ChunkNeeds, seconds: &[f64], size: u64) -> f64 {
    let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let mut free = vec![0.0_f64; needs.workers.max(1)];
    for chunk in seconds.chunks(size) {
        let took =
            PAUSE_SECS + interrupted(needs, needs.load_secs.max(0.0) + chunk.iter().sum::<f64>());
        let next = free.iter_mut().min_by(|one, other| one.total_cmp(other));
        if let Some(worker) = next {
            *worker += took;
        }
    }
    free.into_iter().fold(0.0, f64::max)
}

/// What a chunk takes, those times included that it is interrupted and starts again: where interruptions come at a
/// constant rate r, a piece of work of t seconds takes (exp(r t) - 1) / r.
fn chunk_secs(needs: ChunkNeeds, size: u64) -> f64 {
    let seconds = needs.load_secs.max(0.0) + to_float(size) * needs.frame_secs.max(0.0);
    PAUSE_SECS + interrupted(needs, seconds)
}

/// What a piece of work of so many seconds takes where it starts again after each interruption.
fn interrupted(needs: ChunkNeeds, seconds: f64) -> f64 {
    let rate = needs.preemptions_per_hour.max(0.0) / 3600.0;
    if rate > 0.0 {
        (rate * seconds).exp_m1() / rate
    } else {
        seconds
    }
}

fn to_float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEEDS: ChunkNeeds = ChunkNeeds {
        frames: 100,
        workers: 10,
        frame_secs: 1.0,
        load_secs: 20.0,
        preemptions_per_hour: 0.0,
    };

    #[test]
    fn without_preemption_each_worker_gets_one_chunk() {
        assert_eq!(best_chunk_size(NEEDS), 10);
        assert_eq!(
            best_chunk_size(ChunkNeeds {
                workers: 1,
                ..NEEDS
            }),
            100
        );
    }

    #[test]
    fn preemption_makes_chunks_smaller() {
        let slow = ChunkNeeds {
            frames: 1000,
            frame_secs: 60.0,
            preemptions_per_hour: 1.0,
            ..NEEDS
        };
        let size = best_chunk_size(slow);
        assert!(size < 20, "{size}");
        assert_eq!(
            best_chunk_size(ChunkNeeds {
                preemptions_per_hour: 0.0,
                ..slow
            }),
            100
        );
    }

    #[test]
    fn a_slow_stretch_of_frames_makes_chunks_smaller() {
        let frames: FrameSet = "1-100".parse().unwrap();
        let needs = ChunkNeeds {
            workers: 4,
            load_secs: 5.0,
            ..NEEDS
        };
        let even: BTreeMap<i32, f64> = (1..=100).map(|frame| (frame, 10.0)).collect();
        assert_eq!(best_chunk_size_by_costs(needs, &frames, &even), 25);
        let uneven = (1..=100).map(|frame| (frame, if frame > 75 { 100.0 } else { 1.0 }));
        let size = best_chunk_size_by_costs(needs, &frames, &uneven.collect());
        assert!(size < 10, "{size}");
        assert_eq!(
            best_chunk_size_by_costs(needs, &frames, &BTreeMap::new()),
            25
        );
    }

    #[test]
    fn a_job_without_frames_or_workers_has_chunks_of_one() {
        assert_eq!(best_chunk_size(ChunkNeeds { frames: 0, ..NEEDS }), 1);
        assert_eq!(
            best_chunk_size(ChunkNeeds {
                frames: 1,
                workers: 0,
                ..NEEDS
            }),
            1
        );
    }

    proptest! {
        #[test]
        fn no_other_size_ends_sooner(
            frames in 1_u64..300, workers in 1_usize..20, frame_secs in 0.0..100.0, load_secs in 0.0..100.0,
            preemptions_per_hour in 0.0..4.0,
        ) {
            let needs = ChunkNeeds { frames, workers, frame_secs, load_secs, preemptions_per_hour };
            let seconds = |size: u64| {
                to_float(frames.div_ceil(size).div_ceil(workers as u64)) * chunk_secs(needs, size)
            };
            let best = seconds(best_chunk_size(needs));
            for size in 1..=frames {
                prop_assert!(best <= seconds(size) * (1.0 + 1e-9), "{size}: {} < {best}", seconds(size));
            }
        }
    }
}
