// SPDX-License-Identifier: Apache-2.0
use serde_json::json;

use super::{AvailableJobTypes, Job, JobStatus, JobTasksSummary, SubmittedJob, TaskStatus, Worker};

#[test]
fn every_known_word_reads_as_it_is_written() {
    for status in JobStatus::KNOWN {
        let word = serde_json::to_value(status).unwrap();
        assert_eq!(word, json!(status.as_str()));
        assert_eq!(&serde_json::from_value::<JobStatus>(word).unwrap(), status);
    }
    assert_eq!(TaskStatus::from("soft-failed"), TaskStatus::SoftFailed);
}

#[test]
fn a_status_of_a_later_version_is_kept_as_it_came() {
    let status: JobStatus = serde_json::from_value(json!("hibernating")).unwrap();
    assert_eq!(status, JobStatus::Unknown("hibernating".to_owned()));
    assert_eq!(serde_json::to_value(&status).unwrap(), json!("hibernating"));
    assert!(!status.is_settled());
}

#[test]
fn lists_and_maps_that_go_left_nil_are_empty() {
    let types: AvailableJobTypes = serde_json::from_value(json!({"job_types": null})).unwrap();
    assert!(types.job_types.is_empty());
    let tasks: JobTasksSummary = serde_json::from_value(json!({})).unwrap();
    assert!(tasks.tasks.is_empty());
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let job: Job = serde_json::from_value(json!({
        "id": "1", "name": "shot", "type": "t", "priority": 50, "status": "queued", "activity": "",
        "created": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05.123456789Z",
        "steps_completed": 0, "steps_total": 0, "mood": {"of": "the farm"},
    }))
    .unwrap();
    assert_eq!(job.updated.nanosecond(), 123_456_789);
    assert!(job.settings.is_empty());
}

#[test]
fn a_job_that_asks_for_no_priority_gets_the_default() {
    let job: SubmittedJob =
        serde_json::from_value(json!({"name": "shot", "type": "t", "submitter_platform": "linux"}))
            .unwrap();
    assert_eq!(job.priority, super::DEFAULT_PRIORITY);
    let sent = serde_json::to_value(&job).unwrap();
    assert!(sent.get("type_etag").is_none());
    assert!(sent.get("storage").is_none());
}

#[test]
fn a_worker_keeps_its_summary_and_task_in_one_object() {
    let answer = json!({
        "id": "w", "name": "node", "status": "awake", "version": "3.9", "can_restart": false,
        "ip_address": "127.0.0.1", "platform": "linux", "supported_task_types": ["blender"],
        "task": {"id": "t", "name": "lane-0", "status": "active", "index_in_job": 1, "priority": 50,
                 "task_type": "blender", "updated": "2026-01-02T03:04:05Z", "steps_completed": 1,
                 "steps_total": 2, "job_id": "j"},
    });
    let worker: Worker = serde_json::from_value(answer.clone()).unwrap();
    assert_eq!(serde_json::to_value(&worker).unwrap(), answer);
}
