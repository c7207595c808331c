// SPDX-License-Identifier: Apache-2.0
//! What Prometheus reads (text exposition format 0.0.4).

use std::fmt::Write as _;

use super::state::{Counts, Look};
use super::tally::BUCKETS_SECS;

/// The metrics of a look, and of the identities: how many are lent, and how many there are.
pub fn text(look: &Look, gpus_per_worker: u32, lent: usize, identities: usize) -> String {
    let mut page = Page::default();
    if let Some(wanted) = &look.wanted {
        page.head("workers_wanted", "gauge", "How many workers are wanted.");
        page.line("workers_wanted", "", wanted.workers);
        page.head("gpus_wanted", "gauge", "How many GPUs they have together.");
        let gpus = u64::from(gpus_per_worker) * u64::try_from(wanted.workers).unwrap_or(0);
        page.line("gpus_wanted", "", gpus);
    }
    page.counts(
        "workers",
        "state",
        "Workers that the Manager knows, by state.",
        &look.workers,
    );
    page.counts("pods", "state", "The workers' pods.", &look.pods);
    page.counts("jobs", "status", "Jobs that the Manager knows.", &look.jobs);
    page.counts(
        "tasks",
        "status",
        "Tasks of jobs that are not settled.",
        &look.tasks,
    );
    page.counts(
        "frames",
        "state",
        "Frames of jobs that are not settled.",
        &look.frames,
    );
    let tally = &look.tally;
    page.head(
        "frame_seconds",
        "histogram",
        "What finished frames took, loading not included.",
    );
    let mut within = 0;
    for (end, count) in BUCKETS_SECS.iter().zip(tally.buckets) {
        within += count;
        page.line("frame_seconds_bucket", &format!("le=\"{end}\""), within);
    }
    page.line("frame_seconds_bucket", "le=\"+Inf\"", tally.frames);
    page.line("frame_seconds_sum", "", tally.frame_secs);
    page.line("frame_seconds_count", "", tally.frames);
    page.head(
        "lost_frames_total",
        "counter",
        "Frames that were begun, and lost with their worker.",
    );
    page.line("lost_frames_total", "", tally.lost_frames);
    page.head(
        "lost_pods_total",
        "counter",
        "Pods that went with a task in work.",
    );
    page.line("lost_pods_total", "", tally.lost_pods);
    page.head(
        "out_of_memory_total",
        "counter",
        "Workers' containers that ended for want of memory.",
    );
    page.line("out_of_memory_total", "", tally.out_of_memory_count());
    if let Some(ratio) = look.gpu_ratio {
        page.head(
            "gpu_utilization_ratio",
            "gauge",
            "How the GPUs of busy workers are used.",
        );
        page.line("gpu_utilization_ratio", "", ratio);
    }
    page.head("identities", "gauge", "Worker identities.");
    page.line("identities", "state=\"leased\"", lent);
    page.line(
        "identities",
        "state=\"free\"",
        identities.saturating_sub(lent),
    );
    for (name, is_up) in [
        ("manager_up", Some(look.manager_up)),
        ("kubernetes_up", look.kubernetes_up),
        ("prometheus_up", look.prometheus_up),
    ] {
        if let Some(is_up) = is_up {
            page.head(name, "gauge", "Whether it answers.");
            page.line(name, "", u8::from(is_up));
        }
    }
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a String does not fail.
        let _ = writeln!(
            self.text,
            "# HELP farmhand_{name} {help}\n# TYPE farmhand_{name} {kind}"
        );
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{labels}}}")
        };
        let _ = writeln!(self.text, "farmhand_{name}{labels} {value}");
    }

    fn counts(&mut self, name: &str, label: &str, help: &str, counts: &Counts) {
        self.head(name, "gauge", help);
        for (state, count) in counts {
            let state = state.replace(['\\', '"', '\n'], "_");
            self.line(name, &format!("{label}=\"{state}\""), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::Wanted;
    use super::*;

    #[test]
    fn a_look_is_told_as_prometheus_reads_it() {
        let mut look = Look {
            wanted: Some(Wanted {
                workers: 3,
                because: String::new(),
                busy: 2,
                frames_left: 7,
            }),
            manager_up: true,
            ..Look::default()
        };
        look.jobs.insert("active".to_owned(), 2);
        look.tally.frame(1.5, 1);
        look.tally.frame(1e9, 0);
        let text = text(&look, 2, 2, 5);
        for line in [
            "farmhand_workers_wanted 3",
            "farmhand_gpus_wanted 6",
            "farmhand_jobs{status=\"active\"} 2",
            "farmhand_frame_seconds_bucket{le=\"1\"} 0",
            "farmhand_frame_seconds_bucket{le=\"2\"} 1",
            "farmhand_frame_seconds_bucket{le=\"14400\"} 1",
            "farmhand_frame_seconds_bucket{le=\"+Inf\"} 2",
            "farmhand_frame_seconds_count 2",
            "farmhand_lost_frames_total 1",
            "farmhand_identities{state=\"free\"} 3",
            "farmhand_manager_up 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
        assert!(!text.contains("prometheus_up"), "{text}");
    }
}
