// SPDX-License-Identifier: Apache-2.0
//! The watch over jobs in work (rule 8 of `docs/lanes.md`).

use std::sync::Arc;

use super::state::FarmState;
use super::store::StoreError;

/// What the watch remembers between two looks.
#[derive(Debug, Default)]
pub struct Watch {
    live: bool,
}

impl Watch {
    /// Whether there are jobs that need looking at.
    pub fn is_busy(&self) -> bool {
        self.live
    }

    /// Looks at the state folder of every job that is not settled.
    #[expect(clippy::unused_async)]
    pub async fn look(&mut self, _state: &Arc<FarmState>) -> Result<(), StoreError> {
        Ok(())
    }
}
