// SPDX-License-Identifier: Apache-2.0
//! What a Manager says of itself: version, state, storage, variables, errors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::open_words;

/// The name that the farm on this computer gives itself; its version is Farmhand's own.
pub const LOCAL_FARM_NAME: &str = "Farmhand on this computer";

/// `GET /api/v3/version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlamencoVersion {
    /// Version for people, with the commit where the build is no release.
    pub version: String,
    /// Version alone, like `3.9-beta1`.
    #[serde(default)]
    pub shortversion: String,
    /// The name that the operator gave the farm.
    pub name: String,
    /// The commit of the build.
    #[serde(default)]
    pub git: String,
}

open_words! {
    /// What the farm as a whole does.
    FarmStatus {
        /// Works on jobs.
        Active = "active",
        /// Could work, but has nothing to do.
        Idle = "idle",
        /// Work is queued, all workers are asleep.
        Waiting = "waiting",
        /// Nothing to do, and all workers are asleep.
        Asleep = "asleep",
        /// Cannot work: no workers, or all are offline or in error.
        Inoperative = "inoperative",
        /// The Manager could not make out its own state.
        Undetermined = "unknown",
        /// The farm is starting.
        Starting = "starting",
    }
}

/// `GET /api/v3/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarmStatusReport {
    /// What the farm does now.
    pub status: FarmStatus,
}

open_words! {
    /// For whom a variable's value is meant.
    ManagerVariableAudience {
        /// The computers that render.
        Workers = "workers",
        /// The computers that submit.
        Users = "users",
    }
}

/// One value of `GET /api/v3/configuration/variables/{audience}/{platform}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerVariable {
    /// The value for the audience and platform that were asked for.
    pub value: String,
    /// Whether the Manager also replaces the value by `{name}` in jobs that are sent to it.
    pub is_twoway: bool,
}

/// Variables by name.
pub type ManagerVariables = BTreeMap<String, ManagerVariable>;

/// `GET /api/v3/configuration/shared-storage/{audience}/{platform}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedStorageLocation {
    /// The folder for job files, as that audience on that platform sees it.
    pub location: String,
    /// The audience that was asked for.
    pub audience: ManagerVariableAudience,
    /// The platform that was asked for, as Go's `runtime.GOOS` names it.
    pub platform: String,
    /// Whether files can be uploaded to the Manager's Shaman store.
    #[serde(rename = "shamanEnabled")]
    pub shaman_enabled: bool,
}

/// The body of an answer that refuses something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    /// The answer's HTTP status once more; absent where the Manager's request check refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// What was wrong, for people.
    pub message: String,
}
