// SPDX-License-Identifier: Apache-2.0
//! What a .blend file says of itself: bytes in, facts out, never a panic, never a memory map, no Blender needed.
//!
//! [`read_facts`] is what submitting needs. Below it lies a general reader: a [`BlendFile`] knows its blocks and its
//! DNA, an [`Item`] is one structure in it whose fields are read by name, and [`Properties`] are ID properties.
//! [`rewrite()`] makes a copy of a file with other paths in it.

mod blocks;
mod bytes;
mod compression;
mod dependencies;
mod dna;
mod error;
mod facts;
mod file;
mod header;
mod idprop;
mod item;
mod rewrite;
#[cfg(test)]
mod tests;

pub use blocks::Block;
pub use bytes::ByteOrder;
pub use compression::Compression;
pub use dependencies::{
    Asked, Dependency, DependencyKind, Expansion, LeadsTo, Link, PATH_FIELDS, PathField, PathForm,
    Place, Repeat, Role, Roots, Scanned, SequenceId, SequenceUser, StoredPath, Timing, Visited,
    scan,
};
pub use dna::{Dna, Field, Kind, Structure};
pub use error::BlendError;
pub use facts::{
    BakedSimulation, BlendFacts, Border, CameraMarker, CyclesFacts, FileOutput, FileSlot, Library,
    SceneFacts, Script, ScriptKind, Simplify, SimulationKind, UnbakedSimulation, View, ViewLayer,
    ViewsFacts, ViewsFormat, facts_of, read_facts,
};
pub use file::BlendFile;
pub use header::Header;
pub use idprop::{Properties, Property};
pub use item::Item;
pub use rewrite::{PathSeen, RewriteError, Rewritten, rewrite};
