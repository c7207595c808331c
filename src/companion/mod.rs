// SPDX-License-Identifier: Apache-2.0
//! What stands beside a Flamenco Manager in the cluster (`docs/companion.md`): frames, outputs, workers wanted, identities.
//!
//! | file | what it is |
//! |---|---|
//! | `wanted` | the number of workers wanted, as a pure rule |
//! | `observe` | one look at the Manager, the share, the pods and the GPUs, every two seconds |
//! | `demand` | what a job and its tasks ask of the rule |
//! | `tally`, `metrics` | what is counted, and how Prometheus reads it |
//! | `identities` | who is which worker |
//! | `outputs` | a job's files, below its output root alone |
//! | `kubernetes`, `prometheus` | the few calls that are needed of each |
//! | `server` | the HTTP face |
//! | `serve` | its life |
//! | `worker` | what a worker's pod asks for: `lease`, `drain` |

mod demand;
mod error;
mod identities;
mod kubernetes;
mod metrics;
mod observe;
mod options;
mod outputs;
mod prometheus;
mod serve;
mod server;
#[cfg(test)]
mod simulation;
mod state;
mod tally;
pub mod wanted;
mod worker;

pub use error::CompanionError;
pub use options::{CompanionOptions, GpuOptions, KubernetesOptions};
pub use serve::{run, serve};
pub use worker::{DrainOptions, LeaseOptions, Lent, drain, lease};
