// SPDX-License-Identifier: Apache-2.0
//! Version, state, variables, shared storage.

use crate::farm::FarmError;
use crate::farm::client::Client;
use crate::farm::models::{
    FarmStatusReport, FlamencoVersion, ManagerVariableAudience, ManagerVariables,
    SharedStorageLocation,
};

/// This computer's platform, as Go's `runtime.GOOS` and so a Manager names it.
pub fn this_platform() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

impl Client {
    /// Which Flamenco it is. The first call of a submission: it tells whether there is a Manager at all.
    pub async fn version(&self) -> Result<FlamencoVersion, FarmError> {
        self.get_json(&["api", "v3", "version"]).await
    }

    /// What the farm does now.
    pub async fn status(&self) -> Result<FarmStatusReport, FarmError> {
        self.get_json(&["api", "v3", "status"]).await
    }

    /// Where job files belong, as that audience on that platform sees it; see [`this_platform`].
    pub async fn shared_storage(
        &self,
        audience: &ManagerVariableAudience,
        platform: &str,
    ) -> Result<SharedStorageLocation, FarmError> {
        self.get_json(&[
            "api",
            "v3",
            "configuration",
            "shared-storage",
            audience.as_str(),
            platform,
        ])
        .await
    }

    /// The Manager's variables for that audience on that platform.
    pub async fn variables(
        &self,
        audience: &ManagerVariableAudience,
        platform: &str,
    ) -> Result<ManagerVariables, FarmError> {
        self.get_json(&[
            "api",
            "v3",
            "configuration",
            "variables",
            audience.as_str(),
            platform,
        ])
        .await
    }
}
