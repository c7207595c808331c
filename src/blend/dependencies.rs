// SPDX-License-Identifier: Apache-2.0
//! Every path that a .blend file holds, and what it stands for.

mod table;

pub use table::{DependencyKind, LeadsTo, PATH_FIELDS, PathField, Role};
