// SPDX-License-Identifier: Apache-2.0
//! The picture that was rendered last, of a job and of all.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::Shared;
use super::answer::{Refusal, check_id};
use crate::farm::models::JobLastRenderedImageInfo;
use crate::local::state::FarmState;
use crate::local::store::{JobRow, Store};

/// Pictures that a viewer of web pages can show, as Flamenco's own are, by their file's extension.
const SHOWN: [(&str, &str); 4] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
];

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v3/jobs/last-rendered", get(of_all))
        .route("/api/v3/jobs/{job_id}/last-rendered", get(of_job))
}

async fn of_all(State(state): State<Shared>) -> Result<Response, Refusal> {
    let row = state.store.run(Store::job_of_last_output).await?;
    Ok(info(row.as_ref()))
}

async fn of_job(State(state): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    check_id(&id, "job")?;
    let row = state.store.run(move |store| store.job(&id)).await?;
    Ok(info(Some(&row)))
}

fn info(row: Option<&JobRow>) -> Response {
    let shown = row.and_then(|row| {
        let (extension, _) = shown_as(row.last_output_path.as_deref()?)?;
        Some(JobLastRenderedImageInfo {
            base: format!("/job-files/{}", row.job.id),
            suffixes: vec![format!("last-rendered.{extension}")],
        })
    });
    shown.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |info| Json(info).into_response(),
    )
}

fn shown_as(path: &FilePath) -> Option<(&'static str, &'static str)> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    SHOWN.into_iter().find(|(known, _)| *known == extension)
}

/// The picture itself.
pub async fn picture(
    state: &Arc<FarmState>,
    job_id: String,
    extension: &str,
) -> Result<Response, Refusal> {
    check_id(&job_id, "job")?;
    let row = state.store.run(move |store| store.job(&job_id)).await?;
    let nothing = || Refusal::new(StatusCode::NOT_FOUND, "this job has no such picture");
    let path = row.last_output_path.ok_or_else(nothing)?;
    let (_, content_type) = shown_as(&path)
        .filter(|(known, _)| *known == extension)
        .ok_or_else(nothing)?;
    let bytes = tokio::fs::read(&path).await.map_err(|_| nothing())?;
    Ok(([(header::CONTENT_TYPE, content_type)], bytes).into_response())
}
