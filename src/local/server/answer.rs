// SPDX-License-Identifier: Apache-2.0
//! Bodies that come and answers that refuse, in Flamenco's shapes.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::farm::models::ErrorAnswer;
use crate::local::blender::BlenderError;
use crate::local::compile::CompileError;
use crate::local::store::StoreError;

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

/// The message of an error with what caused it, since the other side sees nothing else.
pub fn whole_message(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::NoSuchJob | StoreError::NoSuchTask => StatusCode::NOT_FOUND,
            StoreError::Transition { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            StoreError::SharedOutput { .. } => StatusCode::CONFLICT,
            StoreError::Closing => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, whole_message(&error))
    }
}

impl From<CompileError> for Refusal {
    fn from(error: CompileError) -> Self {
        let status = match error {
            CompileError::StaleType => StatusCode::PRECONDITION_FAILED,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, whole_message(&error))
    }
}

impl From<BlenderError> for Refusal {
    fn from(error: BlenderError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, whole_message(&error))
    }
}

/// A JSON body; what cannot be read is refused in Flamenco's shape and words.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                Refusal::new(
                    rejection.status(),
                    format!("request body has an error: {rejection}"),
                )
            })?;
        serde_json::from_slice(&bytes).map(Body).map_err(|error| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("request body has an error: failed to decode request body: {error}"),
            )
        })
    }
}

/// Flamenco tells an id that is no UUID from one that nobody has.
pub fn check_id(id: &str, what: &str) -> Result<(), Refusal> {
    match uuid::Uuid::parse_str(id) {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("{what} ID not valid"),
        )),
    }
}

/// A status word that nobody knows, in Flamenco's words.
pub fn unknown_status(known: impl Iterator<Item = String>) -> Refusal {
    let allowed: Vec<_> = known.map(|word| format!("\"{word}\"")).collect();
    let message = format!(
        "request body has an error: Error at \"/status\": value is not one of the allowed values [{}]",
        allowed.join(",")
    );
    Refusal::new(StatusCode::BAD_REQUEST, message)
}
