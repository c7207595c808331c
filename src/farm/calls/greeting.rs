// SPDX-License-Identifier: Apache-2.0
//! The first word with a farm: is it a Manager, and is it new enough?

use crate::farm::FarmError;
use crate::farm::client::Client;
use crate::farm::models::{FlamencoVersion, LOCAL_FARM_NAME};

/// The oldest Flamenco that answers as this client expects.
const OLDEST: (u32, u32) = (3, 7);

impl Client {
    /// Asks the farm who it is, once for this client and all its clones.
    ///
    /// # Errors
    /// [`FarmError::NotAManager`] where something else answers, [`FarmError::TooOld`] below Flamenco 3.7.
    pub async fn greet(&self) -> Result<&FlamencoVersion, FarmError> {
        self.greeted()
            .get_or_try_init(|| async { self.checked_version().await })
            .await
    }

    async fn checked_version(&self) -> Result<FlamencoVersion, FarmError> {
        let version = self.version().await.map_err(in_doubt)?;
        let is_too_old = numbers(&version).is_some_and(|numbers| numbers < OLDEST);
        if is_too_old && version.name != LOCAL_FARM_NAME {
            return Err(FarmError::TooOld {
                version: version.version,
                url: self.base_url(),
            });
        }
        Ok(version)
    }
}

/// An answer that no Manager gives to this question.
fn in_doubt(error: FarmError) -> FarmError {
    match error {
        FarmError::NotFound { message, url } => FarmError::NotAManager {
            reason: format!("it does not know the call (404: {message})"),
            url,
        },
        FarmError::BadAnswer { reason, url } => FarmError::NotAManager { reason, url },
        FarmError::Refused {
            status,
            message,
            url,
        } if status != 429 => FarmError::NotAManager {
            reason: format!("it refuses to tell its version ({status}: {message})"),
            url,
        },
        error => error,
    }
}

/// The first two numbers of a version; none in a build that was given no version.
fn numbers(version: &FlamencoVersion) -> Option<(u32, u32)> {
    let short = Some(version.shortversion.as_str()).filter(|short| !short.is_empty());
    let mut parts = short
        .unwrap_or(&version.version)
        .trim_start_matches('v')
        .split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (short, expected) in [
            ("3.9-beta1", Some((3, 9))),
            ("3.10", Some((3, 10))),
            ("v3.7.1", Some((3, 7))),
            ("4.0-alpha0", Some((4, 0))),
            ("set-during-build", None),
            ("", Some((3, 6))),
        ] {
            let version = FlamencoVersion {
                version: "3.6 (abc)".to_owned(),
                shortversion: short.to_owned(),
                name: String::new(),
                git: String::new(),
            };
            assert_eq!(numbers(&version), expected, "{short}");
        }
        assert!((3, 10) > OLDEST);
    }
}
