// SPDX-License-Identifier: Apache-2.0
//! Every path that a .blend file holds, and what it stands for.
//!
//! [`scan`] follows pointers from the scenes (or from single data-blocks that another file links) to all that they use,
//! and says which paths it met. What lies at the end of these paths is not its business: it reads one file's bytes.

mod closure;
mod context;
mod reach;
mod special;
mod stored;
mod table;
mod timing;
mod users;

use serde::Serialize;

pub use closure::{Roots, Visited, scan};
pub(in crate::blend) use reach::Reaches;
pub(in crate::blend) use stored::looks_like_a_path;
pub use stored::{PathForm, StoredPath};
pub use table::{DependencyKind, LeadsTo, PATH_FIELDS, PathField, Role};
pub use timing::{Asked, Repeat, Timing};

/// What a scan of one file found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// All paths, in the file's order.
    pub dependencies: Vec<Dependency>,
    /// The data-blocks of other files that this one uses.
    pub links: Vec<Link>,
    /// The data-blocks that were asked for, but are not in this file, such as `MAbrick`.
    pub not_found: Vec<String>,
    /// Who shows the sequences that scenes use, and when.
    pub sequence_users: Vec<SequenceUser>,
}

/// Something that shows a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceUser {
    /// The data-block that the sequence belongs to.
    pub sequence: SequenceId,
    /// What it shows at which frame.
    pub timing: Timing,
}

/// The data-block that a sequence belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SequenceId {
    /// One of the same file: [`Dependency::data_block`].
    Own(usize),
    /// One of another file.
    Linked(Link),
}

/// A data-block of another file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The other file, as it is stored.
    pub library: StoredPath,
    /// The data-block's name with the two letters of its kind.
    pub name: Vec<u8>,
}

/// One path that a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says another thing, and all combinations occur"
)]
pub struct Dependency {
    /// The kind of data-block that holds the path, such as `Image`, as in the file's DNA.
    pub owner_type: String,
    /// The data-block's name.
    pub owner: String,
    /// The data-block's name with the two letters of its kind.
    pub owner_id: Vec<u8>,
    /// The number of the data-block's block in the file.
    pub data_block: usize,
    /// What the path is for.
    pub kind: DependencyKind,
    /// Which way the bytes go.
    pub role: Role,
    /// The path as it is stored; of a strip, its folder and name together.
    pub stored: StoredPath,
    /// The library that the owner was packed from (from 5.0 on); `//` then means that file's folder.
    pub packed_from: Option<StoredPath>,
    /// Whether the content lies in the .blend file itself, so that no file is needed.
    pub is_packed: bool,
    /// Whether rendering does badly without it: an input, or a cache that is marked as baked.
    pub is_required: bool,
    /// Whether a scene uses the owner; other owners are kept in the file, but aren't rendered.
    pub is_used: bool,
    /// Whether this may be something else than a path, as text in custom properties may.
    pub is_guess: bool,
    /// Which files the path stands for.
    pub expansion: Expansion,
    /// The first and last frame of the scene at which it is shown, of a picture of a strip; `(1, 0)` where it never is.
    pub shown_at: Option<(i64, i64)>,
    /// Where the path lies in the file; none where Blender makes it up from the file's name.
    pub place: Option<Place>,
    /// Where the folder lies, of a path that is stored as folder and name.
    pub folder_place: Option<Place>,
}

/// Where a path lies in the unpacked file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The first byte.
    pub position: u64,
    /// The bytes that there are, the zero at the end included.
    pub capacity: u64,
    /// Whether it is a block of its own, which a pointer leads to, rather than a field of fixed size.
    pub is_block: bool,
}

/// Which files a path stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Expansion {
    /// The file itself.
    File,
    /// All that lies in a folder.
    Folder,
    /// Tiles: `<UDIM>` or `<UVTILE>` in the name, or 1001 in files before 3.0.
    Tiles {
        /// The numbers of the tiles, as in `<UDIM>`.
        tiles: Vec<u32>,
    },
    /// Files that differ in the last number of their names. Which of them are shown, [`Scanned::sequence_users`] say.
    Sequence {
        /// The number in the name that is stored; none where it holds none.
        named: Option<i64>,
    },
    /// Files of a folder that begin with this text.
    Prefixed {
        /// The text.
        prefix: String,
    },
}
