// SPDX-License-Identifier: Apache-2.0
//! Whether a picture was written to its end. A worker that is killed leaves files that exist, have a size and even
//! open in a viewer; only what the format itself promises tells them from finished ones.

mod exr;
mod jpeg;
mod png;
mod source;
#[cfg(test)]
mod tests;
mod tiff;
mod webp;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use thiserror::Error;

use source::{Flaw, Source};

/// What [`is_whole`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wholeness {
    /// Everything that the file promises is there.
    Whole,
    /// Something is missing or damaged; the text says what.
    Broken(String),
    /// A format that isn't looked into; compare its size with the recorded one.
    Unknown,
}

/// Why a file could not be looked at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputsError {
    /// The file can't be opened or read.
    #[error("the picture can't be read ({source}); look at its folder and permissions: {}", path.display())]
    Read {
        /// The picture.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Whether the picture at `path` is whole. Memory use is small and bounded whatever the file holds.
///
/// PNG is decoded to `IEND` with its checksums and every row; EXR has every chunk of its offset tables inside the file;
/// JPEG goes from SOI to EOI; every strip or tile of a TIFF lies inside the file; WebP has its RIFF chunks to the end.
pub fn is_whole(path: &Path) -> Result<Wholeness, OutputsError> {
    let error = |source| OutputsError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(error)?;
    let length = file.metadata().map_err(error)?.len();
    let promised = path
        .extension()
        .and_then(|extension| Format::of_extension(&extension.to_string_lossy()));
    examine(Source::new(file, length), promised).map_err(error)
}

/// The formats that are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Exr,
    Jpeg,
    Tiff,
    WebP,
}

impl Format {
    fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "exr" => Some(Self::Exr),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "tif" | "tiff" => Some(Self::Tiff),
            "webp" => Some(Self::WebP),
            _ => None,
        }
    }

    /// By the first twelve bytes.
    fn of_head(head: &[u8]) -> Option<Self> {
        if head.starts_with(png::SIGNATURE) {
            Some(Self::Png)
        } else if head.starts_with(exr::MAGIC) {
            Some(Self::Exr)
        } else if head.starts_with(jpeg::START) {
            Some(Self::Jpeg)
        } else if tiff::HEADS.iter().any(|magic| head.starts_with(magic)) {
            Some(Self::Tiff)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP".as_slice()) {
            Some(Self::WebP)
        } else {
            None
        }
    }
}

/// The content decides the format, since people may switch Blender's file extensions off; where it decides nothing,
/// the name's promise is held against it.
fn examine<R: Read + Seek>(
    mut source: Source<R>,
    promised: Option<Format>,
) -> io::Result<Wholeness> {
    if source.length() == 0 {
        return Ok(Wholeness::Broken("the file is empty".to_owned()));
    }
    let head = source.head(12)?;
    let outcome = match Format::of_head(&head) {
        Some(Format::Png) => png::check(&mut source),
        Some(Format::Exr) => exr::check(&mut source),
        Some(Format::Jpeg) => jpeg::check(&mut source),
        Some(Format::Tiff) => tiff::check(&mut source),
        Some(Format::WebP) => webp::check(&mut source),
        None => match promised {
            Some(format) => {
                return Ok(Wholeness::Broken(format!(
                    "the file does not begin like {format:?}"
                )));
            }
            None => return Ok(Wholeness::Unknown),
        },
    };
    match outcome {
        Ok(()) => Ok(Wholeness::Whole),
        Err(Flaw::Broken(reason)) => Ok(Wholeness::Broken(reason)),
        Err(Flaw::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(Wholeness::Broken("the file ends early".to_owned()))
        }
        Err(Flaw::Io(error)) => Err(error),
    }
}
