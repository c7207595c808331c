// SPDX-License-Identifier: Apache-2.0
//! A job's files, listed and handed out.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};
use tokio_util::io::ReaderStream;

use super::Shared;
use super::answer::Refusal;
use super::jobs::{blocking, find};
use crate::companion::outputs::{JobOutputs, Listing};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/farmhand/v1/jobs/{job_id}/outputs", get(list))
        .route("/farmhand/v1/jobs/{job_id}/outputs/{*path}", get(file))
}

/// What a list may be asked for with.
#[derive(Debug, Default, Deserialize)]
struct Wishes {
    #[serde(default)]
    sha256: bool,
}

async fn list(
    State(companion): State<Shared>,
    Path(id): Path<String>,
    Query(wishes): Query<Wishes>,
) -> Result<Json<Listing>, Refusal> {
    // Asked first: what is settled then has all of its files below.
    let is_complete = companion.client.job(&id).await?.status.is_settled();
    let job = refreshed(&companion, &id).await?;
    if wishes.sha256 {
        let paths = locked(&job).local_paths();
        companion.outputs.hash(paths).await;
    }
    let companion = Arc::clone(&companion);
    blocking(move || {
        let listing = companion.outputs.list(&locked(&job));
        Ok(Json(Listing {
            is_complete,
            ..listing
        }))
    })
    .await
}

async fn file(
    State(companion): State<Shared>,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mut found = None;
    if let Some(job) = companion.outputs.known(&id) {
        found = find_file(&companion, job, path.clone()).await?;
    }
    if found.is_none() {
        let job = refreshed(&companion, &id).await?;
        found = find_file(&companion, job, path.clone()).await?;
    }
    let message = format!("no frame of this job has written {path:?} below its output folder");
    let local_path = found.ok_or_else(|| Refusal::not_found(message))?;
    send(local_path, &headers).await
}

async fn refreshed(companion: &Shared, id: &str) -> Result<Arc<Mutex<JobOutputs>>, Refusal> {
    let job = match companion.outputs.known(id) {
        Some(job) => job,
        None => companion.outputs.remember(id, find(companion, id).await?.1),
    };
    let share = companion.options.share_dir.clone();
    blocking(move || {
        locked(&job).refresh(&share);
        Ok(job)
    })
    .await
}

async fn find_file(
    companion: &Shared,
    job: Arc<Mutex<JobOutputs>>,
    path: String,
) -> Result<Option<PathBuf>, Refusal> {
    let share = companion.options.share_dir.clone();
    blocking(move || Ok(locked(&job).find(&share, &path))).await
}

fn locked(job: &Mutex<JobOutputs>) -> std::sync::MutexGuard<'_, JobOutputs> {
    job.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a file, or the part of it that was asked for.
async fn send(local_path: PathBuf, headers: &HeaderMap) -> Result<Response, Refusal> {
    let gone = |_| Refusal::not_found("the file is there no more");
    let mut file = tokio::fs::File::open(&local_path).await.map_err(gone)?;
    let metadata = file.metadata().await.map_err(gone)?;
    let size_bytes = metadata.len();
    let modified = metadata
        .modified()
        .ok()
        .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    let tag = format!(
        "\"{size_bytes:x}-{:x}\"",
        modified.unwrap_or_default().as_nanos()
    );
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A part of another file than the one that was begun would make a mixture.
    let is_same = text(header::IF_RANGE).is_none_or(|begun| begun == tag);
    let range = text(header::RANGE).filter(|_| is_same);
    let range = match range.map(|range| part(range, size_bytes)) {
        None | Some(Asked::Whole) => None,
        Some(Asked::Part(first, last)) => Some((first, last)),
        Some(Asked::Nothing) => {
            let message = format!("the file has {size_bytes} bytes");
            return Err(Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, message));
        }
    };
    let (first, length) = range.map_or((0, size_bytes), |(first, last)| (first, last - first + 1));
    if first > 0 {
        file.seek(SeekFrom::Start(first)).await.map_err(gone)?;
    }
    let mut response = Response::builder()
        .status(if range.is_some() {
            StatusCode::PARTIAL_CONTENT
        } else {
            StatusCode::OK
        })
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, length)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag);
    if let Some((first, last)) = range {
        response = response.header(
            header::CONTENT_RANGE,
            format!("bytes {first}-{last}/{size_bytes}"),
        );
    }
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), 256 * 1024));
    response
        .body(body)
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Everything: several ranges, other units, or what is not understood (RFC 9110, 14.2).
    Whole,
    /// From the first byte to the last, both included.
    Part(u64, u64),
    /// Bytes that are not there.
    Nothing,
}

fn part(range: &str, size_bytes: u64) -> Asked {
    let Some((first, last)) = range
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let end = size_bytes.saturating_sub(1);
    match (first.trim(), last.trim()) {
        ("", count) => match count.parse::<u64>() {
            Ok(0) => Asked::Nothing,
            Ok(_) if size_bytes == 0 => Asked::Nothing,
            Ok(count) => Asked::Part(size_bytes.saturating_sub(count), end),
            Err(_) => Asked::Whole,
        },
        (first, last) => {
            let last = if last.is_empty() {
                Ok(end)
            } else {
                last.parse::<u64>()
            };
            match (first.parse::<u64>(), last) {
                (Ok(first), Ok(last)) if first > last && first < size_bytes => Asked::Whole,
                (Ok(first), Ok(_)) if first >= size_bytes => Asked::Nothing,
                (Ok(first), Ok(last)) => Asked::Part(first, last.min(end)),
                _ => Asked::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file() {
        for (range, asked) in [
            ("bytes=0-3", Asked::Part(0, 3)),
            ("bytes=4-", Asked::Part(4, 9)),
            ("bytes=-3", Asked::Part(7, 9)),
            ("bytes=-30", Asked::Part(0, 9)),
            ("bytes=5-100", Asked::Part(5, 9)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=10-5", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=5-4", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("lines=1-2", Asked::Whole),
            ("bytes=99999999999999999999-", Asked::Whole),
        ] {
            assert_eq!(part(range, 10), asked, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Asked::Nothing);
        assert_eq!(part("bytes=-1", 0), Asked::Nothing);
    }
}
