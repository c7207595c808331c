// SPDX-License-Identifier: Apache-2.0
//! Where Farmhand's own files live on this platform, and what people set there.

mod dirs;
mod farms;
mod path_rules;
mod secrets;

pub use dirs::{ConfigError, Dirs, Platform};
pub use farms::{Auth, FarmEntry, Farms, FarmsError, LOCAL};
pub use path_rules::{PathRule, PathRules};
pub use secrets::{SecretError, read_secret, secret_file, write_secret};
