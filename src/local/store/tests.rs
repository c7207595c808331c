// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::farm::models::{Job, JobStatus, TaskStatus};

fn job(name: &str, priority: i32) -> Job {
    let moment = OffsetDateTime::now_utc();
    Job {
        id: uuid::Uuid::new_v4().to_string(),
        name: name.to_owned(),
        job_type: "farmhand-render".to_owned(),
        type_etag: None,
        priority,
        settings: serde_json::Map::new(),
        metadata: std::collections::BTreeMap::new(),
        submitter_platform: String::new(),
        storage: None,
        worker_tag: None,
        initial_status: None,
        created: moment,
        updated: moment,
        status: JobStatus::Queued,
        activity: String::new(),
        steps_completed: 0,
        steps_total: 4,
        delete_requested_at: None,
    }
}

fn lanes() -> Vec<NewTask> {
    [
        ("lane-0 1-2", "0", Stage::Lanes, 2),
        ("lane-1 3-4", "1", Stage::Lanes, 2),
        ("last-lane", "last", Stage::Last, 0),
    ]
    .map(|(name, lane, stage, steps_total)| NewTask {
        name: name.to_owned(),
        lane: lane.to_owned(),
        stage,
        steps_total,
    })
    .to_vec()
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("queue.sqlite")).unwrap();
    (folder, store)
}

fn take(store: &Store) -> Option<(String, String)> {
    store
        .take_task(0)
        .unwrap()
        .map(|(job, task)| (job.job.name, task.task.id))
}

#[test]
fn the_highest_priority_goes_first_then_the_oldest() {
    let (_folder, store) = store();
    for (name, priority) in [("old", 50), ("new", 50), ("urgent", 80)] {
        store.add_job(&job(name, priority), &lanes()).unwrap();
    }
    let order: Vec<_> = (0..5)
        .filter_map(|_| take(&store))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(order, ["urgent", "urgent", "old", "old", "new"]);
}

#[test]
fn the_last_lane_waits_for_all_others() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    let (_, first) = take(&store).unwrap();
    let (_, second) = take(&store).unwrap();
    assert_eq!(take(&store), None);
    store.end_task(&first, &Outcome::Success).unwrap();
    assert_eq!(take(&store), None);
    store.end_task(&second, &Outcome::Success).unwrap();
    let (_, last) = take(&store).unwrap();
    assert_eq!(store.task(&last).unwrap().lane, "last");
    store.end_task(&last, &Outcome::Success).unwrap();
    let done = store.job(&id).unwrap().job;
    assert_eq!(done.status, JobStatus::Completed);
    assert_eq!(
        done.activity,
        "Changed to status \"completed\": all tasks completed"
    );
}

#[test]
fn a_task_that_fails_three_times_fails_the_job_and_requeueing_gives_it_three_more() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    for expected in [
        TaskStatus::SoftFailed,
        TaskStatus::SoftFailed,
        TaskStatus::Failed,
    ] {
        let (_, task) = take(&store).unwrap();
        store
            .end_task(&task, &Outcome::Failure("no scene".to_owned()))
            .unwrap();
        assert_eq!(store.task(&task).unwrap().task.status, expected);
    }
    let failed = store.job(&id).unwrap().job;
    assert_eq!(failed.status, JobStatus::Failed);
    assert!(failed.activity.contains("no scene"));
    assert_eq!(take(&store), None);
    store
        .request_job_status(&id, &JobStatus::Requeueing, "again")
        .unwrap();
    let tasks = store.tasks(&id).unwrap();
    assert!(
        tasks
            .iter()
            .all(|row| row.task.status == TaskStatus::Queued && row.failures == 0)
    );
}

#[test]
fn a_lane_that_renders_a_frame_between_its_failures_is_never_given_up() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    for _ in 0..6 {
        let (_, task) = take(&store).unwrap();
        store.step_task(&task, "rendering").unwrap();
        store
            .end_task(&task, &Outcome::Failure("killed".to_owned()))
            .unwrap();
        let status = store.task(&task).unwrap().task.status;
        assert_eq!(status, TaskStatus::SoftFailed);
    }
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Active);
}

#[test]
fn a_lane_that_fails_again_and_again_while_another_renders_is_never_given_up() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    let (_, failing) = take(&store).unwrap();
    let (_, rendering) = take(&store).unwrap();
    for _ in 0..6 {
        store.step_task(&rendering, "rendering").unwrap();
        store
            .end_task(&failing, &Outcome::Failure("killed".to_owned()))
            .unwrap();
        let status = store.task(&failing).unwrap().task.status;
        assert_eq!(status, TaskStatus::SoftFailed);
        assert_eq!(take(&store).unwrap().1, failing);
    }
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Active);
}

#[test]
fn canceling_stops_what_could_run_and_the_end_of_its_process_changes_nothing() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    let (_, task) = take(&store).unwrap();
    store
        .request_job_status(&id, &JobStatus::CancelRequested, "by hand")
        .unwrap();
    store
        .end_task(&task, &Outcome::Failure("killed".to_owned()))
        .unwrap();
    assert_eq!(store.task(&task).unwrap().task.status, TaskStatus::Canceled);
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Canceled);
    assert!(matches!(
        store.request_job_status(&id, &JobStatus::CancelRequested, "again"),
        Err(StoreError::Transition { .. })
    ));
}

#[test]
fn a_paused_job_gives_no_task_until_it_is_queued() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    store
        .request_job_status(&id, &JobStatus::PauseRequested, "lunch")
        .unwrap();
    assert_eq!(take(&store), None);
    store
        .request_job_status(&id, &JobStatus::Queued, "back")
        .unwrap();
    assert!(take(&store).is_some());
}

#[test]
fn when_every_frame_is_done_the_lanes_that_are_left_complete_the_job() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    let (_, task) = take(&store).unwrap();
    store
        .request_task_status(&task, &TaskStatus::Paused, "by hand")
        .unwrap();
    store.complete_job(&id).unwrap();
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Completed);
}

#[test]
fn asking_for_failed_frames_again_queues_their_lanes_and_the_last_one() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    for _ in 0..2 {
        let (_, task) = take(&store).unwrap();
        store.end_task(&task, &Outcome::Success).unwrap();
    }
    take(&store).unwrap();
    store.fail_job(&id, "1 of 4 frames failed").unwrap();
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Failed);
    store
        .requeue_lanes(&id, &["1".to_owned()], "retry")
        .unwrap();
    let statuses: Vec<_> = store
        .tasks(&id)
        .unwrap()
        .into_iter()
        .map(|row| row.task.status)
        .collect();
    assert_eq!(
        statuses,
        [
            TaskStatus::Completed,
            TaskStatus::Queued,
            TaskStatus::Queued
        ]
    );
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Queued);
}

#[test]
fn what_was_in_work_when_the_farm_died_is_queued_at_the_next_start() {
    let (folder, store) = store();
    store.add_job(&job("a", 50), &lanes()).unwrap();
    let (_, task) = take(&store).unwrap();
    let process = Process {
        id: 7,
        started_unix_secs: 1,
    };
    store.set_process(&task, process).unwrap();
    drop(store);
    let store = Store::open(&folder.path().join("queue.sqlite")).unwrap();
    assert_eq!(
        store
            .active_tasks()
            .unwrap()
            .first()
            .and_then(|row| row.process),
        Some(process)
    );
    store.recover().unwrap();
    assert_eq!(take(&store).map(|(_, id)| id), Some(task));
}

#[test]
fn two_live_jobs_with_one_output_are_refused() {
    let (_folder, store) = store();
    let with_output = |name: &str| {
        let mut job = job(name, 50);
        job.metadata
            .insert("farmhand.output".to_owned(), "/frames/a_####".to_owned());
        job
    };
    let first = store
        .add_job(&with_output("first"), &lanes())
        .unwrap()
        .job
        .id;
    let error = store.add_job(&with_output("second"), &lanes()).unwrap_err();
    assert!(
        error.to_string().contains("first") && error.to_string().contains("/frames/a_####"),
        "{error}"
    );
    store
        .request_job_status(&first, &JobStatus::CancelRequested, "")
        .unwrap();
    store.add_job(&with_output("third"), &lanes()).unwrap();
}

#[test]
fn two_live_jobs_may_share_an_output_where_they_share_no_frame() {
    let (_folder, store) = store();
    let with_frames = |frames: &str| {
        let mut job = job(frames, 50);
        job.metadata
            .insert("farmhand.output".to_owned(), "/frames/a_####".to_owned());
        job.settings.insert("frames".to_owned(), frames.into());
        job
    };
    for frames in ["1-10", "11-20"] {
        store.add_job(&with_frames(frames), &lanes()).unwrap();
    }
    let error = store
        .add_job(&with_frames("20-30"), &lanes())
        .unwrap_err()
        .to_string();
    assert!(error.contains("11-20"), "{error}");
}

#[test]
fn a_task_of_a_completed_job_is_not_queued_while_another_job_writes_its_frames() {
    let (_folder, store) = store();
    let with_output = |name: &str| {
        let mut job = job(name, 50);
        job.metadata
            .insert("farmhand.output".to_owned(), "/frames/a_####".to_owned());
        job
    };
    let done = store
        .add_job(&with_output("done"), &lanes())
        .unwrap()
        .job
        .id;
    store.complete_job(&done).unwrap();
    store.add_job(&with_output("live"), &lanes()).unwrap();
    let task = store.tasks(&done).unwrap().remove(0).task.id;
    for refused in [
        store.request_task_status(&task, &TaskStatus::Queued, ""),
        store.requeue_lanes(&done, &["0".to_owned()], ""),
        store.request_job_status(&done, &JobStatus::Requeueing, ""),
    ] {
        assert!(matches!(refused, Err(StoreError::SharedOutput { .. })));
    }
    let row = store.task(&task).unwrap();
    assert_eq!(row.task.status, TaskStatus::Completed);
}

#[test]
fn a_database_of_a_newer_farmhand_is_refused_with_its_file_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    drop(Store::open(&path).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(
        error,
        StoreError::Newer {
            found: 99,
            known: 2,
            ..
        }
    ));
    assert!(
        error.to_string().contains("queue.sqlite")
            && error.to_string().contains("move the file away")
    );
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    std::fs::write(
        &path,
        "this is no database, and long enough to be read as a header of one",
    )
    .unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(error.to_string().contains("queue.sqlite"), "{error}");
}

/// A database of the first version with a job whose ordinary lane is completed, as that version wrote it.
fn first_version(path: &std::path::Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(migrations::MIGRATIONS[0]).unwrap();
    connection
        .execute_batch(
            r#"PRAGMA user_version = 1;
            INSERT INTO jobs (id, name, job_type, priority, status, activity, settings, metadata, frames_total, created, updated)
            VALUES ('old', 'old', 'farmhand-render', 50, 'active', '', '{"frames": "1-4"}', '{"farmhand.output": "/frames/####"}', 4,
                    '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
            INSERT INTO tasks (id, job_id, index_in_job, name, lane, status, activity, steps_total, created, updated) VALUES
            ('a', 'old', 1, 'lane-0 1-4', '0', 'completed', '', 4, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'),
            ('b', 'old', 2, 'last-lane', 'last', 'queued', '', 0, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');"#,
        )
        .unwrap();
}

#[test]
fn an_older_database_is_copied_first_and_then_brought_up_to_date_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    first_version(&path);
    let store = Store::open(&path).unwrap();
    let job = store.job("old").unwrap().job;
    assert_eq!(job.status, JobStatus::Active);
    let mut rival = self::job("new", 50);
    rival.settings = job.settings;
    rival.metadata = job.metadata;
    assert!(
        matches!(
            store.check_output(&rival),
            Err(StoreError::SharedOutput { .. })
        ),
        "its output is known"
    );
    let (_, last) = take(&store).unwrap();
    assert_eq!(store.task(&last).unwrap().lane, "last");
    drop(store);

    let copies = backup::copies(&path);
    assert_eq!(copies.len(), 1);
    let copy = rusqlite::Connection::open(&copies[0]).unwrap();
    let (version, jobs): (i64, i64) = copy
        .query_row(
            "SELECT user_version, (SELECT COUNT(*) FROM jobs) FROM pragma_user_version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((version, jobs), (1, 1));
    drop(Store::open(&path).unwrap());
    assert_eq!(
        backup::copies(&path),
        copies,
        "nothing to do, nothing copied"
    );
}

#[test]
fn only_the_newest_copies_of_the_database_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    for _ in 0..5 {
        let _ = std::fs::remove_file(&path);
        first_version(&path);
        drop(Store::open(&path).unwrap());
    }
    let copies = backup::copies(&path);
    assert_eq!(copies.len(), 3);
    let before = copies.clone();
    let _ = std::fs::remove_file(&path);
    first_version(&path);
    drop(Store::open(&path).unwrap());
    assert_eq!(backup::copies(&path)[..2], before[1..]);
}

#[cfg(unix)]
#[test]
fn a_database_that_cannot_be_copied_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    first_version(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let nowhere = folder.path().join("gone").join("queue.sqlite");
    let error = backup::back_up(&connection, &nowhere, 1).unwrap_err();
    assert!(matches!(error, StoreError::BackUp { .. }));
    assert!(error.to_string().contains("make room"), "{error}");
}

#[test]
fn the_next_task_is_found_without_sorting_all_that_wait() {
    let (_folder, store) = store();
    let plan: Vec<String> = store
        .lock()
        .prepare(&format!("EXPLAIN QUERY PLAN {}", tasks::NEXT_TASK))
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("jobs_in_turn"), "{plan}");
    assert!(!plan.contains("B-TREE FOR ORDER BY"), "{plan}");
}

/// A job whose first lane renders the scouts, and the id of that task.
fn job_with_scouts(store: &Store) -> (String, String) {
    let mut tasks = lanes();
    tasks[0].stage = Stage::Scouts;
    let id = store.add_job(&job("a", 50), &tasks).unwrap().job.id;
    let (_, scouts) = take(store).unwrap();
    (id, scouts)
}

#[test]
fn a_job_waits_after_its_scouts_until_it_is_approved() {
    let (_folder, store) = store();
    let (id, scouts) = job_with_scouts(&store);
    assert_eq!(take(&store), None, "the others wait for the scouts");
    store.end_task(&scouts, &Outcome::Success).unwrap();
    let waiting = store.job(&id).unwrap().job;
    assert_eq!(waiting.status, JobStatus::Paused);
    assert!(waiting.activity.contains("approve"), "{}", waiting.activity);
    assert_eq!(take(&store), None);
    store
        .request_job_status(&id, &JobStatus::Requeueing, "approved")
        .unwrap();
    for lane in ["1", "last"] {
        let (_, task) = take(&store).unwrap();
        assert_eq!(store.task(&task).unwrap().lane, lane);
        store.end_task(&task, &Outcome::Success).unwrap();
    }
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Completed);
}

#[test]
fn a_job_that_was_approved_does_not_wait_again_when_a_scout_is_asked_for_again() {
    let (_folder, store) = store();
    let (id, scouts) = job_with_scouts(&store);
    store.end_task(&scouts, &Outcome::Success).unwrap();
    store
        .request_job_status(&id, &JobStatus::Queued, "approved")
        .unwrap();
    let (_, other) = take(&store).unwrap();
    store.end_task(&other, &Outcome::Success).unwrap();
    store.fail_job(&id, "a scout failed").unwrap();
    store
        .requeue_lanes(&id, &["0".to_owned()], "asked for again")
        .unwrap();
    let (_, again) = take(&store).unwrap();
    assert_eq!(again, scouts);
    store.end_task(&again, &Outcome::Success).unwrap();
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Active);
    assert!(take(&store).is_some());
}

#[test]
fn scouts_that_are_all_there_is_are_waited_for_by_nobody() {
    let (_folder, store) = store();
    let tasks: Vec<NewTask> = lanes()
        .into_iter()
        .filter(|task| task.stage != Stage::Lanes)
        .collect();
    let mut scouts = lanes();
    scouts.truncate(1);
    scouts[0].stage = Stage::Scouts;
    scouts.extend(tasks);
    let id = store.add_job(&job("a", 50), &scouts).unwrap().job.id;
    let (_, task) = take(&store).unwrap();
    store.end_task(&task, &Outcome::Success).unwrap();
    assert_eq!(store.job(&id).unwrap().job.status, JobStatus::Active);
}

#[test]
fn deleting_a_job_takes_its_tasks_along() {
    let (_folder, store) = store();
    let id = store.add_job(&job("a", 50), &lanes()).unwrap().job.id;
    let (_, task) = take(&store).unwrap();
    store.delete_job(&id).unwrap();
    assert!(matches!(store.job(&id), Err(StoreError::NoSuchJob)));
    assert!(matches!(store.task(&task), Err(StoreError::NoSuchTask)));
    assert!(store.end_task(&task, &Outcome::Success).is_err());
}
