// SPDX-License-Identifier: Apache-2.0
//! Output patterns, which files a frame owes, and whether a file on disk is a whole picture.
//!
//! [`OutputSpec`] says what Blender will name the files of a frame; [`is_whole`] says whether one of them is finished.

mod pattern;
mod whole;

pub use pattern::{OutputSpec, Views, is_temporary, resolve};
pub use whole::{OutputsError, Wholeness, is_whole};
