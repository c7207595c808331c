// SPDX-License-Identifier: Apache-2.0
//! Where Farmhand's own files live on this platform.

mod dirs;
mod path_rules;

pub use dirs::{ConfigError, Dirs, Platform};
pub use path_rules::{PathRule, PathRules};
