// SPDX-License-Identifier: Apache-2.0
//! The calls of the Flamenco v3 API, one file per topic.

mod configuration;
mod greeting;
mod jobs;
mod submit;
mod tasks;
mod workers;

pub use configuration::this_platform;
pub use jobs::PictureSize;
pub use submit::SUBMISSION_ID_KEY;

use super::error::FarmError;

/// Refuses an id that would make another URL than the one that is meant. `what` is the thing it should name, like
/// "a job's id".
pub fn checked_id<'a>(what: &'static str, value: &'a str) -> Result<&'a str, FarmError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !value.is_empty() && value.chars().all(is_plain) {
        Ok(value)
    } else {
        Err(FarmError::BadId {
            what,
            value: value.to_owned(),
        })
    }
}
