// SPDX-License-Identifier: Apache-2.0
//! Whether a picture was written to its end. A worker that is killed leaves files that exist, have a size and even
//! open in a viewer; only what the format itself promises tells them from finished ones.

mod boxes;
mod exr;
mod jpeg;
mod jpeg2000;
mod png;
mod radiance;
mod rows;
mod source;
mod targa;
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
/// JPEG goes from SOI to EOI; every strip or tile of a TIFF lies inside the file; WebP has its RIFF chunks and AVIF its
/// boxes to the end; JPEG 2000 goes from SOC to EOC; Radiance and Targa are unpacked to the last row; the rows of BMP, DPX,
/// Cineon and Iris lie inside the file.
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
    Bmp,
    FilmScan,
    Iris,
    Radiance,
    Avif,
    Jpeg2000,
    Jpeg2000Stream,
    Targa,
}

impl Format {
    fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "exr" => Some(Self::Exr),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "tif" | "tiff" => Some(Self::Tiff),
            "webp" => Some(Self::WebP),
            "bmp" => Some(Self::Bmp),
            "dpx" | "cin" => Some(Self::FilmScan),
            "rgb" => Some(Self::Iris),
            "hdr" => Some(Self::Radiance),
            "avif" => Some(Self::Avif),
            "jp2" => Some(Self::Jpeg2000),
            "j2c" | "j2k" => Some(Self::Jpeg2000Stream),
            "tga" => Some(Self::Targa),
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
        } else if starts_with_any(head, tiff::HEADS) {
            Some(Self::Tiff)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP".as_slice()) {
            Some(Self::WebP)
        } else if head.get(4..8) == Some(b"ftyp".as_slice()) {
            Some(Self::Avif)
        } else if head.starts_with(jpeg2000::FILE) {
            Some(Self::Jpeg2000)
        } else if head.starts_with(jpeg2000::STREAM) {
            Some(Self::Jpeg2000Stream)
        } else if head.starts_with(b"BM") {
            Some(Self::Bmp)
        } else if starts_with_any(head, rows::DPX) || starts_with_any(head, rows::CINEON) {
            Some(Self::FilmScan)
        } else if head.starts_with(radiance::START) {
            Some(Self::Radiance)
        } else if head.starts_with(rows::IRIS) {
            Some(Self::Iris)
        } else {
            None
        }
    }
}

fn starts_with_any<const N: usize>(head: &[u8], magics: [&[u8]; N]) -> bool {
    magics.iter().any(|magic| head.starts_with(magic))
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
    // Targa alone has no beginning that tells it.
    let found = Format::of_head(&head).or(promised.filter(|format| *format == Format::Targa));
    let outcome = match (found, promised) {
        (Some(Format::Png), _) => png::check(&mut source),
        (Some(Format::Exr), _) => exr::check(&mut source),
        (Some(Format::Jpeg), _) => jpeg::check(&mut source),
        (Some(Format::Tiff), _) => tiff::check(&mut source),
        (Some(Format::WebP), _) => webp::check(&mut source),
        (Some(Format::Bmp), _) => rows::check_bmp(&mut source),
        (Some(Format::FilmScan), _) => rows::check_film_scan(&mut source),
        (Some(Format::Iris), _) => rows::check_iris(&mut source),
        (Some(Format::Radiance), _) => radiance::check(&mut source),
        (Some(Format::Avif), _) => boxes::check_avif(&mut source),
        (Some(Format::Jpeg2000), _) => jpeg2000::check_file(&mut source),
        (Some(Format::Jpeg2000Stream), _) => jpeg2000::check_stream(&mut source),
        (Some(Format::Targa), _) => targa::check(&mut source),
        (None, Some(format)) => {
            let reason = format!("the file does not begin like {format:?}");
            return Ok(Wholeness::Broken(reason));
        }
        (None, None) => return Ok(Wholeness::Unknown),
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
