// SPDX-License-Identifier: Apache-2.0
//! Sending to farms that take a job, refuse it, or are asked to forget it.

use std::path::Path;
use std::sync::Mutex;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::*;
use crate::check::rules::tests::{file_with, sound_scene};
use crate::farm::ClientOptions;
use crate::farm::job_type::JOB_TYPE;
use crate::job::{Environment, Inspected, JobRequest, prepare};

/// A farm that lists these jobs and answers a new one so.
async fn farm(jobs: Value, status: StatusCode, answer: Value) -> Client {
    let listed = json!({"jobs": jobs});
    let app = Router::new()
        .route(
            "/api/v3/jobs",
            get(move || async move { axum::Json(listed) })
                .merge(post(move || async move { (status, axum::Json(answer)) })),
        )
        .route(
            "/api/v3/jobs/{id}/setstatus",
            post(|| async { StatusCode::NO_CONTENT }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Client::new(&ClientOptions::new(format!("http://{address}"))).unwrap()
}

fn job(status: &str, frames: &str, output: &str, blend_file: &str) -> Value {
    json!({
        "id": "11111111-2222-3333-4444-555555555555", "name": "first", "type": JOB_TYPE, "priority": 50, "status": status,
        "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z",
        "settings": {"frames": frames}, "metadata": {OUTPUT_KEY: output, BLEND_FILE_KEY: blend_file},
    })
}

fn prepared(folder: &Path) -> Prepared {
    let request = JobRequest::new(folder.join("shot.blend"));
    let scene = sound_scene();
    let inspected = Inspected {
        blend_path: request.blend_path.clone(),
        facts: file_with(&scene),
        scene,
        frames: "1-10".parse().unwrap(),
        cameras: Vec::new(),
        inputs: std::sync::Arc::default(),
    };
    prepare(
        &request,
        &inspected,
        &Environment::of_process(FarmKind::Local, "pass"),
    )
    .unwrap()
}

async fn send(client: &Client, prepared: &Prepared) -> Result<Job, JobError> {
    submit(
        client,
        prepared,
        &crate::job::no_events,
        &CancellationToken::new(),
    )
    .await
}

#[tokio::test]
async fn a_job_that_is_taken_leaves_its_files_and_tells_its_stages() {
    let home = tempfile::tempdir().unwrap();
    let ready = prepared(home.path());
    let client = farm(json!([]), StatusCode::OK, job("queued", "1-10", "", "")).await;
    let stages = Mutex::new(Vec::new());
    let listener = |event| stages.lock().unwrap().push(event);
    submit(&client, &ready, &listener, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(
        stages.into_inner().unwrap(),
        [Stage::Staging, Stage::Sending, Stage::Sent].map(Event::Stage)
    );
    let written =
        crate::lanes::JobDescription::load(&ready.staging_dir().join("job.json")).unwrap();
    assert_eq!(&written, ready.description());
    assert_eq!(
        std::fs::read_to_string(ready.staging_dir().join("render.py")).unwrap(),
        "pass"
    );
}

#[tokio::test]
async fn a_job_that_is_refused_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let ready = prepared(home.path());
    let client = farm(
        json!([]),
        StatusCode::BAD_REQUEST,
        json!({"code": 400, "message": "no"}),
    )
    .await;
    assert!(matches!(
        send(&client, &ready).await,
        Err(JobError::Farm(_))
    ));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_cancelled_submission_sends_nothing_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let ready = prepared(home.path());
    let client = farm(json!([]), StatusCode::OK, job("queued", "1-10", "", "")).await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let listener = move |event| {
        if event == Event::Stage(Stage::Staging) {
            stop.cancel();
        }
    };
    assert!(matches!(
        submit(&client, &ready, &listener, &cancel).await,
        Err(JobError::Cancelled)
    ));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_same_frames_to_the_same_place_are_refused_while_the_first_job_lives() {
    let home = tempfile::tempdir().unwrap();
    let ready = prepared(home.path());
    let output = ready.description().output.clone();
    let blend_file = home.path().join("shot.blend").display().to_string();
    let with = |status: &'static str, frames: &'static str, blend_file: &str| {
        let first = job(status, frames, &output, blend_file);
        let taken = job("queued", "1-10", "", "");
        async move { farm(json!([first]), StatusCode::OK, taken).await }
    };
    let same = send(&with("active", "5-20", &blend_file).await, &ready).await;
    assert!(
        matches!(&same, Err(JobError::AlreadyThere { frames, .. }) if frames == "5-10"),
        "{same:?}"
    );
    let other = send(&with("paused", "5-20", "/other.blend").await, &ready).await;
    assert!(matches!(other, Err(JobError::OutputTaken { .. })));
    assert!(
        send(&with("completed", "5-20", &blend_file).await, &ready)
            .await
            .is_ok(),
        "it has ended"
    );
    assert!(
        send(&with("active", "11-20", &blend_file).await, &ready)
            .await
            .is_ok(),
        "its frames are others"
    );
}
