// SPDX-License-Identifier: Apache-2.0
//! What is counted from look to look, since this process began.

use std::collections::{BTreeMap, BTreeSet};

/// The upper ends of the histogram of frame times, in seconds.
pub const BUCKETS_SECS: [f64; 14] = [
    0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0, 14400.0,
];

/// What is counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Frames within each of [`BUCKETS_SECS`], each in one bucket only.
    pub buckets: [u64; BUCKETS_SECS.len()],
    /// Frames that were finished while this process watched.
    pub frames: u64,
    /// What they took, in seconds.
    pub frame_secs: f64,
    /// Frames that were begun and lost.
    pub lost_frames: u64,
    /// Pods that went with a task in work.
    pub lost_pods: u64,
    /// Containers that ended for want of memory.
    out_of_memory: BTreeSet<String>,
    /// How many finished frames of each job are counted.
    counted: BTreeMap<String, usize>,
}

impl Tally {
    /// From where the finished frames of a job are news; those that were finished before this process looked are not.
    pub fn news_from(&mut self, job_id: &str, finished: usize) -> usize {
        let counted = self.counted.entry(job_id.to_owned()).or_insert(finished);
        std::mem::replace(counted, finished).min(finished)
    }

    /// A frame was finished.
    pub fn frame(&mut self, seconds: f64, times_lost: u32) {
        let bucket = BUCKETS_SECS.iter().position(|end| seconds <= *end);
        if let Some(count) = bucket.and_then(|bucket| self.buckets.get_mut(bucket)) {
            *count += 1;
        }
        self.frames += 1;
        self.frame_secs += seconds;
        self.lost_frames += u64::from(times_lost);
    }

    /// Containers that ended for want of memory, each told again and again.
    pub fn out_of_memory(&mut self, ends: impl IntoIterator<Item = String>) {
        self.out_of_memory.extend(ends);
    }

    /// How many containers ended for want of memory.
    pub fn out_of_memory_count(&self) -> usize {
        self.out_of_memory.len()
    }

    /// Forgets jobs that are no more.
    pub fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.counted.retain(|id, _| is_known(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_were_finished_before_are_no_news() {
        let mut tally = Tally::default();
        assert_eq!(tally.news_from("a", 5), 5);
        assert_eq!(tally.news_from("a", 7), 5);
        assert_eq!(tally.news_from("a", 7), 7);
        assert_eq!(tally.news_from("b", 0), 0);
        assert_eq!(tally.news_from("b", 2), 0);
    }

    #[test]
    fn each_end_for_want_of_memory_counts_once() {
        let mut tally = Tally::default();
        for _ in 0..3 {
            tally.out_of_memory(["a@1".to_owned()]);
        }
        tally.out_of_memory(["a@2".to_owned()]);
        assert_eq!(tally.out_of_memory_count(), 2);
    }
}
