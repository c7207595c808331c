// SPDX-License-Identifier: Apache-2.0
//! What the fuzz targets share: how an input becomes a file, and how it is changed.
//!
//! The modules under test are built from the library's own source files: they use nothing else of it, so that neither
//! its network nor its database has to be built with coverage for them.

#[path = "../../src/blend/mod.rs"]
#[allow(
    missing_docs,
    dead_code,
    reason = "the library's own build checks these files"
)]
pub mod blend;
pub mod desk;
#[path = "../../src/blend/tests/maker.rs"]
mod maker;
pub mod mutation;
#[path = "../../src/trace/mod.rs"]
#[allow(
    missing_docs,
    dead_code,
    reason = "the library's own build checks these files"
)]
pub mod trace;

// Its parts lie in a folder of its name, which a path of its own would hide.
#[path = "../../src"]
mod library {
    #[allow(
        missing_docs,
        dead_code,
        reason = "the library's own build checks these files"
    )]
    pub mod frames;
}
pub use library::frames;
