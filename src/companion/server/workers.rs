// SPDX-License-Identifier: Apache-2.0
//! Identities, lent and taken back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::Shared;
use super::answer::Refusal;
use crate::companion::error::CompanionError;
use crate::companion::identities::is_pod_name;
use crate::companion::state::LendError;
use crate::companion::worker::Lent;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/farmhand/v1/workers/lease", post(lease))
        .route("/farmhand/v1/workers/release", post(release))
}

#[derive(Debug, Deserialize)]
struct Asking {
    pod: String,
}

impl Asking {
    fn checked(self) -> Result<String, LendError> {
        if is_pod_name(&self.pod) {
            Ok(self.pod)
        } else {
            Err(CompanionError::BadPod { name: self.pod }.into())
        }
    }
}

async fn lease(
    State(companion): State<Shared>,
    Json(asking): Json<Asking>,
) -> Result<Json<Lent>, Refusal> {
    let pod = asking.checked()?;
    // A task of its own goes on where whoever asked has left: half a lease would be none.
    let lending = tokio::spawn(async move { companion.lend(&pod).await });
    let (identity, home) = lending.await.map_err(|_| Refusal::closing())??;
    Ok(Json(Lent {
        identity,
        home: home.to_string_lossy().into_owned(),
    }))
}

async fn release(
    State(companion): State<Shared>,
    Json(asking): Json<Asking>,
) -> Result<StatusCode, Refusal> {
    let pod = asking.checked()?;
    let mut identities = companion.identities.lock().await;
    identities.take_back(&pod).map_err(LendError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
