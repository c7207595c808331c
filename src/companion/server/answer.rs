// SPDX-License-Identifier: Apache-2.0
//! Answers that refuse, in Flamenco's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::companion::error::CompanionError;
use crate::companion::state::LendError;
use crate::farm::FarmError;
use crate::farm::models::ErrorAnswer;
use crate::watch::ShareError;

/// An answer that refuses: a status and `{"code", "message"}`.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// The companion ends while it still works on the answer.
    pub fn closing() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the companion is closing")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = ErrorAnswer {
            code: Some(self.status.as_u16().into()),
            message: self.message,
        };
        (self.status, Json(answer)).into_response()
    }
}

impl From<FarmError> for Refusal {
    fn from(error: FarmError) -> Self {
        let status = match &error {
            FarmError::NotFound { .. } => StatusCode::NOT_FOUND,
            FarmError::BadId { .. } => StatusCode::BAD_REQUEST,
            FarmError::Refused { status, .. } => {
                StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY)
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<ShareError> for Refusal {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Farm(error) => error.into(),
            error => Self::new(StatusCode::CONFLICT, error.to_string()),
        }
    }
}

impl From<LendError> for Refusal {
    fn from(error: LendError) -> Self {
        let status = match &error {
            LendError::Unknown(_) => StatusCode::CONFLICT,
            LendError::Companion(CompanionError::BadPod { .. }) => StatusCode::BAD_REQUEST,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        tracing::warn!(%error, "no identity is lent");
        Self::new(status, error.to_string())
    }
}
