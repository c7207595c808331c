// SPDX-License-Identifier: Apache-2.0
//! The watcher and the follower against farms that come, go and keep silent.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farmhand::farm::FarmError;
use farmhand::farm::models::JobStatus;
use farmhand::watch::{
    FarmState, Follow, FollowOptions, Found, Source, WatchError, WatchOptions, Watcher,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::farm_server::{Act, Farm, Received, Reply, WireFarm, client, until};

fn job(id: &str, status: &str, steps: u64) -> Value {
    json!({
        "id": id, "name": "shot", "type": "farmhand-render", "priority": 50, "status": status,
        "activity": "", "created": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05Z",
        "steps_completed": steps, "steps_total": 4, "metadata": {"user.name": "ada"},
    })
}

fn progress(done: u64) -> Value {
    json!({
        "frames_total": 4, "frames_done": done, "frames_failed": 0, "in_work": [], "failed": [],
        "seconds_left": {"low": 1.0, "high": 2.0}, "render_secs_total": 1.0,
        "last_output": null, "output_dir": "/frames",
    })
}

/// A farm of one job, with a companion or without.
fn answer(request: &Received, status: &str, done: u64, has_companion: bool) -> Reply {
    match request.path.as_str() {
        "/api/v3/jobs" => Reply::json(200, &json!({"jobs": [job("a", status, done)]})),
        "/api/v3/jobs/a" => Reply::json(200, &job("a", status, done)),
        "/api/v3/worker-mgt/workers" => Reply::json(200, &json!({"workers": []})),
        "/farmhand/v1/progress" if has_companion => {
            Reply::json(200, &json!({"jobs": {"a": progress(done)}}))
        }
        "/farmhand/v1/jobs/a/progress" if has_companion => Reply::json(200, &progress(done)),
        _ => Reply::json(404, &json!({"message": "Not Found"})),
    }
}

fn watch(source: impl Into<Source>) -> Watcher {
    Watcher::start(
        source,
        WatchOptions {
            user: Some("ada".to_owned()),
        },
        &Handle::current(),
    )
}

fn hasty() -> FollowOptions {
    FollowOptions {
        interval: Duration::from_millis(20),
        patience: Duration::from_millis(500),
    }
}

#[tokio::test]
async fn a_snapshot_never_waits_for_a_farm_that_never_answers() {
    let farm = WireFarm::start(vec![Act::Silence]).await;
    let mut options = farmhand::farm::ClientOptions::new(&farm.url);
    options.timeout = Duration::from_mins(1);
    let watcher = watch(farmhand::farm::Client::new(&options).unwrap());
    until("the farm is asked", || !farm.asked().is_empty()).await;
    let began = Instant::now();
    for _ in 0..1000 {
        assert_eq!(watcher.snapshot().state, FarmState::Connecting);
        watcher.refresh();
    }
    assert!(
        began.elapsed() < Duration::from_millis(200),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_farm_that_stops_answering_is_offline_and_heals_by_itself_at_another_address() {
    let first = Farm::start(|request| answer(request, "active", 1, true)).await;
    let found = Arc::new(Mutex::new(Found::Client(client(&first.url))));
    let look = Arc::clone(&found);
    let watcher = watch(Source::looking(move || look.lock().unwrap().clone()));
    until("it is online", || {
        watcher.snapshot().state == FarmState::Online
    })
    .await;
    let online = watcher.snapshot();
    assert!(online.tells_frames);
    let view = online.job("a").unwrap();
    assert!(view.is_mine);
    assert_eq!(
        (view.frames_done(), view.output_dir.as_deref()),
        (1, Some("/frames"))
    );

    let silent = WireFarm::start(vec![Act::Cut]).await;
    *found.lock().unwrap() = Found::Client(client(&silent.url));
    drop(first);
    until("it is offline", || {
        matches!(watcher.snapshot().state, FarmState::Offline { .. })
    })
    .await;
    assert_eq!(
        watcher.snapshot().jobs,
        online.jobs,
        "what was known is kept"
    );

    *found.lock().unwrap() = Found::Stopped;
    until("it is stopped", || {
        watcher.snapshot().state == FarmState::Stopped
    })
    .await;

    let second = Farm::start(|request| answer(request, "completed", 4, true)).await;
    *found.lock().unwrap() = Found::Client(client(&second.url));
    until("it is online again", || {
        watcher.snapshot().state == FarmState::Online
    })
    .await;
    assert_eq!(
        watcher.snapshot().job("a").unwrap().status,
        JobStatus::Completed
    );
}

#[tokio::test]
async fn a_manager_without_companion_is_asked_for_it_once_and_its_steps_are_the_progress() {
    let farm = Farm::start(|request| answer(request, "active", 3, false)).await;
    let watcher = watch(client(&farm.url));
    until("it is asked three times", || {
        watcher.refresh();
        farm.count("GET", "/api/v3/jobs") >= 3
    })
    .await;
    let snapshot = watcher.snapshot();
    assert!(!snapshot.tells_frames);
    assert_eq!(snapshot.job("a").unwrap().frames_done(), 3);
    assert_eq!(farm.count("GET", "/farmhand/v1/progress"), 1);
    assert_eq!(farm.count("GET", "/api/v3/worker-mgt/workers"), 1);
    assert_eq!(
        farm.count("GET", "/api/v3/jobs/a/tasks"),
        0,
        "tasks are never polled"
    );
}

#[tokio::test]
async fn jobs_that_were_settled_before_anybody_looked_tell_their_progress_too() {
    let farm = Farm::start(|request| match request.path.as_str() {
        "/farmhand/v1/progress" => Reply::json(200, &json!({"jobs": {}})),
        _ => answer(request, "failed", 2, true),
    })
    .await;
    let watcher = watch(client(&farm.url));
    until("it is asked twice", || {
        watcher.refresh();
        farm.count("GET", "/api/v3/jobs") >= 2
    })
    .await;
    until("its progress is known", || {
        watcher.snapshot().jobs[0].frames_done() == 2
    })
    .await;
    assert_eq!(farm.count("GET", "/farmhand/v1/jobs/a/progress"), 1);
}

/// A farm that refuses to tell how far its one job is, since the job's folder was taken away.
async fn farm_of_a_job_without_folder() -> Farm {
    Farm::start(|request| match request.path.as_str() {
        "/farmhand/v1/progress" => Reply::json(200, &json!({"jobs": {}})),
        "/farmhand/v1/jobs/a/progress" => {
            Reply::json(409, &json!({"code": 409, "message": "job.json is gone"}))
        }
        _ => answer(request, "completed", 4, true),
    })
    .await
}

#[tokio::test]
async fn a_job_whose_folder_was_taken_away_leaves_its_farm_online_and_is_asked_for_once() {
    let farm = farm_of_a_job_without_folder().await;
    let watcher = watch(client(&farm.url));
    until("it is asked three times", || {
        watcher.refresh();
        farm.count("GET", "/api/v3/jobs") >= 3
    })
    .await;
    assert_eq!(watcher.snapshot().state, FarmState::Online);
    assert_eq!(farm.count("GET", "/farmhand/v1/jobs/a/progress"), 1);
}

#[tokio::test]
async fn a_job_whose_folder_was_taken_away_is_followed_by_its_steps() {
    let farm = farm_of_a_job_without_folder().await;
    let mut follow = Follow::new(client(&farm.url), "a", hasty());
    assert_eq!(follow.settled().await.unwrap().frames_done(), 4);
}

#[tokio::test]
async fn a_refresh_is_sooner_than_the_next_round() {
    let farm = Farm::start(|request| answer(request, "completed", 4, true)).await;
    let watcher = watch(client(&farm.url));
    until("it is online", || {
        watcher.snapshot().state == FarmState::Online
    })
    .await;
    let rounds = farm.count("GET", "/api/v3/jobs");
    let began = Instant::now();
    watcher.refresh();
    until("it is asked again", || {
        farm.count("GET", "/api/v3/jobs") > rounds
    })
    .await;
    // An idle farm would be asked after two seconds.
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_dropped_watcher_ends_its_task() {
    let farm = WireFarm::start(vec![Act::Silence]).await;
    let held = Arc::new(());
    let alive = Arc::downgrade(&held);
    let asking = client(&farm.url);
    let watcher = watch(Source::looking(move || {
        let _ = &held;
        Found::Client(asking.clone())
    }));
    until("the farm is asked", || !farm.asked().is_empty()).await;
    assert!(alive.upgrade().is_some());
    drop(watcher);
    until("the task is gone", || alive.upgrade().is_none()).await;
}

#[tokio::test]
async fn a_job_is_followed_to_its_end_and_each_change_is_told_once() {
    let round = Arc::new(AtomicU64::new(0));
    let farm = Farm::start(move |request| {
        if request.path == "/api/v3/jobs/a" {
            round.fetch_add(1, Ordering::Relaxed);
        }
        match round.load(Ordering::Relaxed) {
            1..=3 => answer(request, "active", 1, true),
            4 | 5 => Reply::json(503, &json!({"code": 503, "message": "database is busy"})),
            6 => answer(request, "active", 3, true),
            _ => answer(request, "completed", 4, true),
        }
    })
    .await;
    let mut follow = Follow::new(client(&farm.url), "a", hasty());
    let mut told = Vec::new();
    while let Some(job) = follow.next().await.unwrap() {
        told.push((job.status.to_string(), job.frames_done()));
    }
    let expected = [("active", 1), ("active", 3), ("completed", 4)];
    assert_eq!(
        told,
        expected.map(|(status, done)| (status.to_owned(), done))
    );
    assert_eq!(follow.settled().await.unwrap().status, JobStatus::Completed);
}

#[tokio::test]
async fn following_goes_on_when_the_farm_starts_anew_at_another_address() {
    let first = Farm::start(|request| answer(request, "active", 1, true)).await;
    let gone = WireFarm::start(vec![Act::Cut]).await;
    let second = Farm::start(|request| answer(request, "completed", 4, true)).await;
    let stranger = Farm::start(|_| Reply::empty(401)).await;
    let clients = [&first.url, &gone.url, &stranger.url, &second.url].map(|url| client(url));
    let looks = Arc::new(AtomicUsize::new(0));
    let next = Arc::clone(&looks);
    let source = Source::looking(move || match next.fetch_add(1, Ordering::Relaxed) {
        0 => Found::Client(clients[0].clone()),
        1 => Found::Stopped,
        turn => Found::Client(clients[(turn - 1).min(3)].clone()),
    });
    let mut follow = Follow::new(source, "a", hasty());
    assert_eq!(
        follow.next().await.unwrap().unwrap().status,
        JobStatus::Active
    );
    drop(first);
    assert_eq!(follow.settled().await.unwrap().frames_done(), 4);
}

#[tokio::test]
async fn a_job_that_is_not_there_ends_the_following_at_once() {
    let farm = Farm::start(|request| answer(request, "active", 1, true)).await;
    let options = FollowOptions {
        patience: Duration::from_hours(1),
        ..hasty()
    };
    let error = Follow::new(client(&farm.url), "b", options)
        .next()
        .await
        .unwrap_err();
    assert!(
        matches!(error, WatchError::Farm(FarmError::NotFound { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn patience_with_a_farm_that_is_away_ends_and_following_can_go_on_after_it() {
    let found = Arc::new(Mutex::new(Found::Stopped));
    let look = Arc::clone(&found);
    let mut follow = Follow::new(
        Source::looking(move || look.lock().unwrap().clone()),
        "a",
        hasty(),
    );
    let began = Instant::now();
    let error = follow.next().await.unwrap_err();
    assert_eq!(
        error,
        WatchError::Stopped {
            job_id: "a".to_owned()
        }
    );
    assert!(began.elapsed() >= Duration::from_millis(500));
    let farm = Farm::start(|request| answer(request, "canceled", 1, false)).await;
    *found.lock().unwrap() = Found::Client(client(&farm.url));
    assert_eq!(follow.settled().await.unwrap().status, JobStatus::Canceled);
}
