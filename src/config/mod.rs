// SPDX-License-Identifier: Apache-2.0
//! Where Farmhand's own files live on this platform.

mod dirs;

pub use dirs::{ConfigError, Dirs, Platform};
