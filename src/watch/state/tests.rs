// SPDX-License-Identifier: Apache-2.0
use std::collections::BTreeMap;

use serde_json::json;
use time::macros::datetime;

use super::{Answers, FarmState, Moves, Snapshot};
use crate::farm::models::{Job, JobStatus};
use crate::lanes::{FrameInWork, JobProgress, Stage};

const NOON: time::OffsetDateTime = datetime!(2026-01-02 12:00 UTC);

fn job(id: &str, status: &str, created: &str) -> Job {
    serde_json::from_value(json!({
        "id": id, "name": id, "type": "farmhand-render", "priority": 50, "status": status, "activity": "",
        "created": created, "updated": created, "steps_completed": 3, "steps_total": 12,
        "metadata": {"user.name": "ada", "farmhand.submission_id": "abc", "farmhand.output_dir": "/frames",
                     "farmhand.blend_file": "/shot.blend", "farmhand.storage": "/storage"},
    }))
    .unwrap()
}

fn progress(done: u64) -> JobProgress {
    JobProgress {
        frames_total: 10,
        frames_done: done,
        ..JobProgress::default()
    }
}

fn answers(jobs: Vec<Job>, told: &[(&str, JobProgress)]) -> Answers {
    let told: BTreeMap<_, _> = told
        .iter()
        .map(|(id, told)| ((*id).to_owned(), told.clone()))
        .collect();
    Answers {
        jobs,
        progress: Some(told),
        ..Answers::default()
    }
}

#[test]
fn jobs_come_newest_first_with_what_their_metadata_tells() {
    let jobs = vec![
        job("old", "completed", "2026-01-01T00:00:00Z"),
        job("new", "active", "2026-01-01T00:00:00.5Z"),
    ];
    let snapshot = Snapshot::default().answered(answers(jobs, &[]), Some("ada"), NOON);
    let ids: Vec<_> = snapshot
        .jobs
        .iter()
        .map(|job| job.job_id.as_str())
        .collect();
    assert_eq!(ids, ["new", "old"]);
    let view = snapshot.job("new").unwrap();
    assert!(view.is_mine && view.is_live());
    assert_eq!(view.submission_id.as_deref(), Some("abc"));
    assert_eq!(view.output_dir.as_deref(), Some("/frames"));
    assert_eq!(view.blend_file.as_deref(), Some("/shot.blend"));
    assert_eq!(view.storage.as_deref(), Some("/storage"));
    assert_eq!(snapshot.state, FarmState::Online);
    assert_eq!(snapshot.updated, Some(NOON));
}

#[test]
fn without_a_companion_progress_is_what_the_steps_tell() {
    let jobs = vec![job("a", "active", "2026-01-01T00:00:00Z")];
    let snapshot = Snapshot::default().answered(
        Answers {
            jobs,
            ..Answers::default()
        },
        None,
        NOON,
    );
    let view = snapshot.job("a").unwrap();
    assert!(!snapshot.tells_frames && !view.is_mine);
    assert_eq!((view.frames_done(), view.frames_total()), (3, 12));
    assert!((view.fraction() - 0.25).abs() < 1e-9);
}

#[test]
fn what_the_companion_told_last_of_a_settled_job_still_holds() {
    let active = vec![job("a", "active", "2026-01-01T00:00:00Z")];
    let first = Snapshot::default().answered(answers(active, &[("a", progress(10))]), None, NOON);
    let settled = vec![job("a", "completed", "2026-01-01T00:00:00Z")];
    let second = first.answered(answers(settled, &[]), None, NOON);
    let view = second.job("a").unwrap();
    assert_eq!((view.frames_done(), view.frames_total()), (10, 10));
    assert!((view.fraction() - 1.0).abs() < 1e-9);
}

#[test]
fn samples_of_frames_in_work_count_towards_the_fraction() {
    let mut told = progress(4);
    let in_work = FrameInWork {
        frame: 5,
        lane: 0,
        started_unix_secs: 0.0,
        samples_done: Some(8),
        samples_total: Some(16),
        stage: Stage::Rendering,
    };
    told.in_work = vec![
        in_work.clone(),
        FrameInWork {
            samples_total: Some(0),
            ..in_work
        },
    ];
    let jobs = vec![job("a", "active", "2026-01-01T00:00:00Z")];
    let snapshot = Snapshot::default().answered(answers(jobs, &[("a", told)]), None, NOON);
    assert!((snapshot.job("a").unwrap().fraction() - 0.45).abs() < 1e-9);
}

#[test]
fn a_silent_farm_keeps_its_jobs_and_the_moment_it_fell_silent() {
    let jobs = vec![job("a", "active", "2026-01-01T00:00:00Z")];
    let online = Snapshot::default().answered(answers(jobs, &[]), None, NOON);
    let first = online.offline("no answer", NOON);
    let second = first.offline("still none", datetime!(2026-01-02 12:05 UTC));
    assert_eq!(
        second.state,
        FarmState::Offline {
            since: NOON,
            message: "still none".to_owned()
        }
    );
    assert_eq!(second.jobs, online.jobs);
    assert_eq!(second.updated, Some(NOON));
    assert_eq!(
        (second.state_word(), second.message()),
        ("offline", "still none".to_owned())
    );
    let back = second.answered(answers(Vec::new(), &[]), None, NOON);
    assert_eq!(back.state, FarmState::Online);
    assert!(back.jobs.is_empty());
}

#[test]
fn a_status_that_is_not_known_counts_as_live() {
    let jobs = vec![job("a", "hibernating", "2026-01-01T00:00:00Z")];
    let snapshot = Snapshot::default().answered(answers(jobs, &[]), None, NOON);
    let view = snapshot.job("a").unwrap();
    assert_eq!(view.status, JobStatus::Unknown("hibernating".to_owned()));
    assert!(view.is_live());
    assert_eq!(snapshot.message(), "1 job to do");
}

#[test]
fn what_the_farm_tells_changes_what_it_is_told_of_and_nothing_else() {
    let jobs = vec![
        job("a", "active", "2026-01-01T00:00:00Z"),
        job("b", "active", "2026-01-02T00:00:00Z"),
    ];
    let first = Snapshot::default().answered(answers(jobs, &[("a", progress(2))]), None, NOON);
    let with = |told: &[(&str, JobProgress)]| answers(Vec::new(), told).progress;
    let same = Moves {
        progress: with(&[("a", progress(2))]),
        ..Moves::default()
    };
    assert_eq!(first.moved(same, None, NOON), None);
    let moves = Moves {
        changed: vec![
            job("b", "completed", "2026-01-02T00:00:00Z"),
            job("new", "queued", "2026-01-03T00:00:00Z"),
        ],
        progress: with(&[("a", progress(5))]),
        ..Moves::default()
    };
    let second = first.moved(moves, None, NOON).unwrap();
    let shown: Vec<_> = second
        .jobs
        .iter()
        .map(|job| (job.job_id.as_str(), job.status.as_str(), job.frames_done()))
        .collect();
    assert_eq!(
        shown,
        [
            ("new", "queued", 3),
            ("b", "completed", 3),
            ("a", "active", 5)
        ]
    );
    let gone = Moves {
        gone: ["new".to_owned()].into(),
        progress: with(&[]),
        ..Moves::default()
    };
    let third = second.moved(gone, None, NOON).unwrap();
    assert_eq!(third.jobs, second.jobs[1..]);
}

#[test]
fn steps_go_on_being_the_progress_of_a_job_that_nobody_tells_of() {
    let mut later = job("b", "active", "2026-01-01T00:00:00Z");
    later.steps_completed = 9;
    let jobs = vec![job("b", "active", "2026-01-01T00:00:00Z")];
    let first = Snapshot::default().answered(answers(jobs, &[("a", progress(2))]), None, NOON);
    let second = first.answered(answers(vec![later], &[]), None, NOON);
    assert_eq!(second.job("b").unwrap().frames_done(), 9);
}
