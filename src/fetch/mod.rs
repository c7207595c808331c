// SPDX-License-Identifier: Apache-2.0
//! Brings a job's files home from a farm whose share this computer does not see.
//!
//! The companion lists them with their checksums and hands them out in parts (`docs/companion.md`). A file is written under a
//! temporary name, goes on where it was left, is checked, and only then renamed to its place; nothing is written outside of
//! the folder that was named.

mod error;
mod file;
mod listing;

pub use error::FetchError;
pub use file::{Fetched, fetch_file, is_there};
pub use listing::{RemoteFile, RemoteListing, list};
