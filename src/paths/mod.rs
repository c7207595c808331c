// SPDX-License-Identifier: Apache-2.0
//! From this computer's paths to those of the computers that render. Strings only: nothing here looks at a disk.
//!
//! A [`PathMap`] is an ordered set of [`Rule`]s, each from a folder of one platform to a folder of another. The longest
//! source that a path lies in decides, and of equal ones the first given. Rules match whole names only, so that `/mnt` says
//! nothing of `/mnt2`. [`Variables`] are a Manager's two-way variables: rules come out of them, and the form in which a
//! path is sent so that the Manager's own replacing cannot change its meaning.

mod error;
mod explain;
mod map;
mod openjd;
mod parse;
mod platform;
mod rule;
#[cfg(test)]
mod tests;
mod variables;

pub use error::PathsError;
pub use explain::{Explanation, Step, Verdict};
pub use map::{Mapped, PathMap};
pub use openjd::read_path_mapping;
pub use parse::normal;
pub use platform::Platform;
pub use rule::{Audience, Origin, Rule};
pub use variables::Variables;
