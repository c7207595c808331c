// SPDX-License-Identifier: Apache-2.0
//! Missing files, found again elsewhere, and a copy of the scene that names them there.
//!
//! [`search()`] looks for files by their names, [`plan()`] says which paths of a scene become which others, and
//! [`apply()`] writes the copy by [`crate::blend::rewrite()`]. The file itself is replaced only where that is asked for,
//! and is kept beside as Blender keeps it: with a `1` behind its name.

mod apply;
mod plan;
mod relative;
mod search;
#[cfg(test)]
mod tests;

pub use apply::{RelinkError, Target, apply};
pub use plan::{Change, Plan, Wish, plan};
pub use search::{Places, file_name, search, search_while};
