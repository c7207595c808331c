// SPDX-License-Identifier: Apache-2.0
//! Why a .blend file could not be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a .blend file could not be read. Every message ends with the file's path.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlendError {
    /// There is no such file.
    #[error("there is no such file; look at its name and folder: {}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there, but can't be opened or read.
    #[error("the file can't be read ({source}); look at its permissions: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else than a .blend file.
    #[error("this is not a .blend file; choose a file that Blender saved: {}", path.display())]
    NotABlend {
        /// The file.
        path: PathBuf,
    },
    /// The file ends before its end.
    #[error(
        "the .blend file is cut off ({detail}); save it again in Blender, or copy it again: {}",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where.
        detail: String,
    },
    /// A file layout of a Blender that did not exist yet.
    #[error(
        "the .blend file has a layout ({header}) that this Farmhand does not know; update Farmhand, or save the file \
         with an older Blender: {}",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The file's first characters.
        header: String,
    },
    /// The file's own description of its structures makes no sense.
    #[error(
        "the .blend file's description of itself is damaged ({detail}); open it in Blender and save it again: {}",
        path.display()
    )]
    CorruptDna {
        /// The file.
        path: PathBuf,
        /// What makes no sense.
        detail: String,
    },
    /// Other damage.
    #[error("the .blend file is damaged ({detail}); open it in Blender and save it again: {}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What makes no sense.
        detail: String,
    },
}

/// A fault without the path, which the outermost function adds.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    NotABlend,
    Truncated(String),
    TooNew(String),
    CorruptDna(String),
    Corrupt(String),
}

impl Fault {
    pub(crate) fn at(self, path: &std::path::Path) -> BlendError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => match source.kind() {
                io::ErrorKind::NotFound => BlendError::Missing { path },
                io::ErrorKind::UnexpectedEof => BlendError::Truncated {
                    path,
                    detail: "it ends within a block".to_owned(),
                },
                _ => BlendError::Read { path, source },
            },
            Self::NotABlend => BlendError::NotABlend { path },
            Self::Truncated(detail) => BlendError::Truncated { path, detail },
            Self::TooNew(header) => BlendError::TooNew { path, header },
            Self::CorruptDna(detail) => BlendError::CorruptDna { path, detail },
            Self::Corrupt(detail) => BlendError::Corrupt { path, detail },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
