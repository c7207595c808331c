// SPDX-License-Identifier: Apache-2.0
//! Farmhand sends a Blender scene to a render farm, watches it, and brings the frames home.
//!
//! The map, in the order of a scene's way through it:
//!
//! | module | what it is |
//! |---|---|
//! | [`frames`] | `FrameSet`: `1-10, 20, 30-100:2` |
//! | [`paths`] | from one platform's paths to another's |
//! | [`outputs`] | output patterns, which files a frame owes, whole-file checks |
//! | [`blend`] | what a .blend file says of its scenes |
//! | [`trace`] | every file that a scene needs |
//! | [`stage`] | what goes where, so that workers find it |
//! | [`relink`] | missing files found again, and scenes that name them there |
//! | [`mend`] | what the Fix buttons do on disk |
//! | [`lanes`] | job description, claims, records, and the rules that share frames out |
//! | [`plan`] | lanes, order, estimate |
//! | [`farm`] | the Flamenco client |
//! | [`config`] | where files live on this platform, and the farms that have names |
//! | [`connect`] | which farm a name means, and how to get in |
//! | [`check`] | findings before sending |
//! | [`watch`] | the farm's answers folded into a snapshot |
//! | [`job`] | composes a submission from all of the above |
//! | [`local`] | the farm on this computer |
//! | [`fetch`] | outputs brought home |
//! | `companion` | what stands beside a Manager in the cluster (cargo feature) |
//! | [`cli`] | the `farmhand` command |
//!
//! `ARCHITECTURE.md` says who may use whom.

pub mod blend;
pub mod check;
pub mod cli;
#[cfg(feature = "companion")]
pub mod companion;
pub mod config;
pub mod connect;
pub mod farm;
pub mod fetch;
pub mod frames;
pub mod job;
pub mod lanes;
pub mod local;
pub mod mend;
pub mod outputs;
pub mod paths;
pub mod plan;
#[cfg(feature = "python")]
mod python;
pub mod relink;
pub mod stage;
pub mod trace;
pub mod watch;
