// SPDX-License-Identifier: Apache-2.0
//! The best single chunk size where a farm knows no lanes: Flamenco's own job type starts Blender for each chunk.

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

/// What a chunk takes, those times included that it is interrupted and starts again: where interruptions come at a
/// constant rate r, a piece of work of t seconds takes (exp(r t) - 1) / r.
fn chunk_secs(needs: ChunkNeeds, size: u64) -> f64 {
    let rate = needs.preemptions_per_hour.max(0.0) / 3600.0;
    let seconds = needs.load_secs.max(0.0) + to_float(size) * needs.frame_secs.max(0.0);
    let expected = if rate > 0.0 {
        (rate * seconds).exp_m1() / rate
    } else {
        seconds
    };
    PAUSE_SECS + expected
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
