// SPDX-License-Identifier: Apache-2.0
//! What the Fix buttons do on disk, each able to end early, for whoever must not wait for a disk: looking for files
//! ([`find()`]), bringing them beside a scene ([`bring`]), copies under names of their own ([`part`]), and copies in the
//! place of pictures that a sequence lacks ([`fill`]). Nothing is ever replaced or removed; what such work has made is
//! taken away again where it fails or is ended.
//!
//! Scenes are not touched here: each returns which path becomes which, and Blender does the rest.

mod copies;
mod error;
mod find;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

pub use copies::{Bring, Fill, bring, fill, part};
pub use error::MendError;
pub use find::find;

/// A path of a scene, and what it becomes.
pub type Change = (PathBuf, Option<PathBuf>);

/// How whoever waits for such work ends it early.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Ends the work soon.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), MendError> {
        if self.is_asked() {
            return Err(MendError::Stopped);
        }
        Ok(())
    }
}
