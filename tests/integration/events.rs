// SPDX-License-Identifier: Apache-2.0
//! A farm's own words: heard where there are any, and never a danger.

use std::time::{Duration, Instant};

use farmhand::farm::models::{JobStatus, WorkerStatus};
use farmhand::farm::{Client, ClientOptions, EventStream, FarmError, Secret, Topic};
use farmhand::watch::{FarmState, WatchOptions, Watcher};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::farm_server::{Farm, Reply, client, hasty, until};
use crate::gateways::{Authority, Gateway};
use crate::talkative::{Manner, Talkative};

const JOBS: &str = "/api/v3/jobs";
const ONE: &str = "/api/v3/jobs/c8ec83c2-fd94-4631-9e89-040cca64f4bb";
const OTHER: &str = "/api/v3/jobs/4e322bd8-944e-442c-81eb-57be4ac6fc2b";

fn id(path: &str) -> &str {
    path.strip_prefix("/api/v3/jobs/").unwrap()
}

fn job(path: &str, status: &str, activity: &str) -> Value {
    json!({
        "id": id(path), "name": "shot", "type": "simple-blender-render", "priority": 50, "status": status,
        "activity": activity, "created": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05Z",
        "steps_completed": 1, "steps_total": 4, "settings": {"frames": "1-4"}, "metadata": {"user.name": "ada"},
    })
}

/// What a Manager tells of a job.
fn told(path: &str, status: &str, steps: u64) -> String {
    let update = json!({
        "id": id(path), "name": "shot", "previous_status": "queued", "priority": 50, "refresh_tasks": false,
        "status": status, "steps_completed": steps, "steps_total": 4, "type": "simple-blender-render",
        "updated": "2026-01-02T03:04:06.058216352Z",
    });
    format!("42[\"/jobs\",{update}]")
}

fn told_worker(status: &str) -> String {
    let update = json!({
        "can_restart": false, "id": "2c9cee7a-5c0c-4f39-a7b3-8e8a5cbb5b5e", "name": "one", "status": status,
        "updated": "2026-01-02T03:04:06Z", "version": "3.9-beta1",
    });
    format!("42[\"/workers\",{update}]")
}

/// A Manager of one job, which says of a job that is asked for by itself that it was asked.
async fn manager(manner: Manner) -> Talkative {
    let farm = Farm::start(|request| match request.path.as_str() {
        JOBS => Reply::json(200, &json!({"jobs": [job(ONE, "active", "listed")]})),
        ONE => Reply::json(200, &job(ONE, "completed", "asked for")),
        OTHER => Reply::json(200, &job(OTHER, "queued", "asked for")),
        "/api/v3/worker-mgt/workers" => Reply::json(200, &json!({"workers": []})),
        _ => Reply::json(404, &json!({"message": "Not Found"})),
    })
    .await;
    Talkative::before(farm, manner).await
}

fn watch(url: &str) -> Watcher {
    Watcher::start(client(url), WatchOptions::default(), &Handle::current())
}

async fn listened(client: &Client) -> Result<EventStream, FarmError> {
    let mut stream = client.events().await?;
    stream.subscribe(Topic::AllJobs).await?;
    Ok(stream)
}

#[tokio::test]
async fn a_farm_that_tells_of_its_jobs_is_asked_for_all_of_them_once() {
    let manager = manager(Manner::Fair).await;
    let watcher = watch(&manager.url);
    until("it is online", || {
        watcher.snapshot().state == FarmState::Online
    })
    .await;
    manager.tell(&told(ONE, "active", 3));
    until("steps are told", || {
        watcher.snapshot().jobs[0].frames_done() == 3
    })
    .await;
    assert_eq!(manager.farm.count("GET", ONE), 0, "steps need no question");
    manager.tell(&told(ONE, "completed", 4));
    until("its end is told", || {
        watcher.snapshot().jobs[0].status == JobStatus::Completed
    })
    .await;
    until("what happened is asked for", || {
        watcher.snapshot().jobs[0].activity == "asked for"
    })
    .await;
    manager.tell(&told(OTHER, "queued", 0));
    until("a new job is there", || watcher.snapshot().jobs.len() == 2).await;
    let gone = json!({"id": id(OTHER), "was_deleted": true, "status": "", "updated": "0001-01-01T00:00:00Z"});
    manager.tell(&format!("42[\"/jobs\",{gone}]"));
    until("it is gone", || watcher.snapshot().jobs.len() == 1).await;
    manager.tell(&told_worker("awake"));
    until("a worker is there", || {
        let workers = &watcher.snapshot().workers;
        workers
            .first()
            .is_some_and(|worker| worker.status == WorkerStatus::Awake)
    })
    .await;
    watcher.refresh();
    manager.tell(&told_worker("asleep"));
    until("the worker is asleep", || {
        watcher.snapshot().workers[0].status == WorkerStatus::Asleep
    })
    .await;
    for (path, times) in [
        (JOBS, 1),
        (ONE, 1),
        (OTHER, 1),
        ("/api/v3/worker-mgt/workers", 1),
    ] {
        assert_eq!(manager.farm.count("GET", path), times, "{path}");
    }
    assert_eq!(manager.heads().len(), 1);
}

#[tokio::test]
async fn after_a_lost_stream_another_is_opened_and_everything_looked_at_once() {
    let manager = manager(Manner::Fair).await;
    let watcher = watch(&manager.url);
    until("it is online", || {
        watcher.snapshot().state == FarmState::Online
    })
    .await;
    manager.tell(&told(ONE, "active", 2));
    until("steps are told", || {
        watcher.snapshot().jobs[0].frames_done() == 2
    })
    .await;
    manager.hang_up();
    until("another stream is asked for", || {
        watcher.snapshot();
        manager.heads().len() == 2
    })
    .await;
    until("steps are told again", || {
        manager.tell(&told(ONE, "active", 3));
        watcher.snapshot().jobs[0].frames_done() == 3
    })
    .await;
    let asked = manager.farm.count("GET", JOBS);
    watcher.refresh();
    until("more is told", || {
        manager.tell(&told(ONE, "active", 4));
        watcher.snapshot().jobs[0].frames_done() == 4
    })
    .await;
    assert_eq!(manager.farm.count("GET", JOBS), asked);
}

#[tokio::test]
async fn whatever_a_stream_does_ends_in_time_and_the_farm_is_asked_instead() {
    for manner in [
        Manner::Without,
        Manner::Silent,
        Manner::Switches,
        Manner::Mute,
        Manner::Deaf,
        Manner::Refusing,
        Manner::Garbage,
        Manner::Binary,
        Manner::Half,
        Manner::Stuck,
        Manner::Huge,
        Manner::Closing,
    ] {
        let manager = manager(manner).await;
        let began = Instant::now();
        let asking = client(&manager.url);
        let error = match listened(&asking).await {
            Ok(mut stream) => stream.next().await.unwrap_err(),
            Err(error) => error,
        };
        // One limit for each of the handshake, the subscription, and the silence between two pings.
        assert!(began.elapsed() < Duration::from_secs(15), "{manner:?}");
        let passes = matches!(
            manner,
            Manner::Silent
                | Manner::Mute
                | Manner::Deaf
                | Manner::Half
                | Manner::Stuck
                | Manner::Huge
                | Manner::Closing
        );
        assert_eq!(error.is_offline(), passes, "{manner:?}: {error:?}");
        let watcher = watch(&manager.url);
        until("its jobs are there", || watcher.snapshot().jobs.len() == 1).await;
        assert_eq!(watcher.snapshot().state, FarmState::Online, "{manner:?}");
    }
}

#[tokio::test]
async fn a_stream_is_opened_by_the_same_way_and_with_the_same_credentials_as_every_call() {
    let authority = Authority::new();
    let manager = manager(Manner::Fair).await;
    let gateway = Gateway::tls(&authority, &["127.0.0.1"], &manager.url).await;
    let options = ClientOptions {
        ca_file: Some(authority.file()),
        timeout: Duration::from_secs(20),
        ..hasty(&format!("https://{}/farm", gateway.address)).token(Secret::new("quite-secret"))
    };
    let mut stream = listened(&Client::new(&options).unwrap()).await.unwrap();
    let heads = manager.heads();
    assert!(heads[0].starts_with("GET /farm/socket.io/?EIO=3&transport=websocket HTTP/1.1"));
    assert!(heads[0].contains("authorization: Bearer quite-secret"));
    assert!(!format!("{stream:?}").contains("quite-secret"));
    manager.tell(&told(ONE, "active", 1));
    stream.next().await.unwrap();
    let stranger = Authority::new();
    let options = ClientOptions {
        ca_file: Some(stranger.file()),
        ..options
    };
    let error = Client::new(&options).unwrap().events().await.unwrap_err();
    assert!(matches!(error, FarmError::Untrusted { .. }), "{error:?}");
    assert_eq!(manager.heads().len(), 1, "nothing was sent in vain");
}

#[tokio::test]
async fn credentials_do_not_follow_a_stream_that_points_elsewhere() {
    let elsewhere = manager(Manner::Fair).await;
    let target = elsewhere.url.clone();
    let farm = Farm::start(move |_| Reply {
        status: 307,
        headers: vec![("location", format!("{target}/socket.io/?EIO=3"))],
        body: Vec::new(),
    })
    .await;
    let options = hasty(&farm.url).token(Secret::new("hunter2"));
    let error = Client::new(&options).unwrap().events().await.unwrap_err();
    assert!(matches!(error, FarmError::Moved { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(elsewhere.heads().is_empty());
}
