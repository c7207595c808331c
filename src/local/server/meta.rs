// SPDX-License-Identifier: Apache-2.0
//! What the farm says of itself.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

use super::Shared;
use super::answer::Refusal;
use crate::farm::models::{
    AvailableJobType, AvailableJobTypes, FarmStatus, FarmStatusReport, FlamencoVersion,
    LOCAL_FARM_NAME, ManagerVariableAudience, ManagerVariables, SharedStorageLocation, TaskStatus,
};
use crate::local::compile::{JOB_TYPE, job_type};
use crate::local::store::Store;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v3/version", get(version))
        .route("/api/v3/status", get(status))
        .route(
            "/api/v3/configuration/shared-storage/{audience}/{platform}",
            get(shared_storage),
        )
        .route(
            "/api/v3/configuration/variables/{audience}/{platform}",
            get(variables),
        )
        .route("/api/v3/jobs/types", get(job_types))
        .route("/api/v3/jobs/type/{name}", get(one_job_type))
}

async fn version() -> Json<FlamencoVersion> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Json(FlamencoVersion {
        shortversion: version.clone(),
        version,
        name: LOCAL_FARM_NAME.to_owned(),
        git: String::new(),
    })
}

async fn status(State(state): State<Shared>) -> Result<Json<FarmStatusReport>, Refusal> {
    let active = state.store.run(Store::active_tasks).await?;
    let is_active = active
        .iter()
        .any(|row| row.task.status == TaskStatus::Active);
    let found = tokio::task::spawn_blocking(move || state.blender()).await;
    let status = match found {
        _ if is_active => FarmStatus::Active,
        Ok(Ok(_)) => FarmStatus::Idle,
        _ => FarmStatus::Inoperative,
    };
    Ok(Json(FarmStatusReport { status }))
}

async fn shared_storage(
    State(state): State<Shared>,
    Path((audience, platform)): Path<(String, String)>,
) -> Result<Json<SharedStorageLocation>, Refusal> {
    Ok(Json(SharedStorageLocation {
        location: state.files.storage_dir.to_string_lossy().into_owned(),
        audience: known_audience(audience)?,
        platform,
        shaman_enabled: false,
    }))
}

/// Paths are the same for all here: there are no variables.
async fn variables(
    Path((audience, _platform)): Path<(String, String)>,
) -> Result<Json<ManagerVariables>, Refusal> {
    known_audience(audience)?;
    Ok(Json(ManagerVariables::new()))
}

fn known_audience(audience: String) -> Result<ManagerVariableAudience, Refusal> {
    match ManagerVariableAudience::from(audience) {
        ManagerVariableAudience::Unknown(word) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("{word:?} is no audience; ask for users or workers"),
        )),
        known => Ok(known),
    }
}

async fn job_types() -> Json<AvailableJobTypes> {
    Json(AvailableJobTypes {
        job_types: vec![job_type().clone()],
    })
}

async fn one_job_type(Path(name): Path<String>) -> Result<Json<AvailableJobType>, Refusal> {
    if name == JOB_TYPE {
        Ok(Json(job_type().clone()))
    } else {
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "no such job type known",
        ))
    }
}
