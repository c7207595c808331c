// SPDX-License-Identifier: Apache-2.0
//! What is worth knowing, or mending, before a scene is sent.

mod abilities;
mod finding;
mod inputs;
pub(crate) mod rules;

pub use abilities::{Abilities, Device};
pub use finding::{Finding, Severity, Thing};
pub use inputs::Inputs;
pub use rules::{Subject, check, simulation_start};
