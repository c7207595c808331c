// SPDX-License-Identifier: Apache-2.0
//! Blender's output path and the names that it makes of it.
//!
//! The rules are those of Blender's `BLI_path_frame`, `BLI_path_suffix` and `BKE_image_path_ext_from_imformat`: the last
//! run of `#` in the file name becomes the frame, four digits are appended where there is none, the format's extension
//! replaces an image extension that follows the number, and a view's suffix goes before the extension.

#[cfg(test)]
mod tests;

/// Extensions that Blender replaces by the format's own (`imb_ext_image`).
const IMAGE_EXTENSIONS: &[&str] = &[
    ".png", ".tga", ".bmp", ".jpg", ".jpeg", ".sgi", ".rgb", ".rgba", ".tif", ".tiff", ".tx",
    ".jp2", ".j2c", ".hdr", ".dds", ".dpx", ".cin", ".exr", ".psd", ".pdd", ".psb", ".webp",
];

/// How a scene's views become files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Views {
    /// One view, or all views in one file (stereo 3D, or EXR with views).
    #[default]
    OneFile,
    /// A file for each view, with these suffixes (`_L`, `_R`).
    Individual(Vec<String>),
}

/// What a frame's files are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSpec {
    /// The output path as Blender holds it, `//` resolved by [`resolve`].
    pub pattern: String,
    /// Blender's name of the format, such as `PNG` or `OPEN_EXR_MULTILAYER`.
    pub file_format: String,
    /// Whether Blender adds the format's extension.
    pub use_file_extension: bool,
    /// How views become files.
    pub views: Views,
}

impl OutputSpec {
    /// The files that a frame owes, one per view.
    ///
    /// Path templates of Blender 4.5 and newer (`{scene_name}`) are left as they are; see [`OutputSpec::has_template`].
    pub fn files_for(&self, frame: i32) -> Vec<String> {
        let numbered = with_frame(&self.pattern, frame);
        let extended = if self.use_file_extension {
            with_extension(numbered, extensions(&self.file_format))
        } else {
            numbered
        };
        match &self.views {
            Views::OneFile => vec![extended],
            Views::Individual(suffixes) => suffixes
                .iter()
                .map(|suffix| with_suffix(&extended, suffix))
                .collect(),
        }
    }

    /// The folder that the files go to, with its closing separator; empty where the pattern is a name alone.
    pub fn directory(&self) -> &str {
        self.pattern
            .get(..name_start(&self.pattern))
            .unwrap_or_default()
    }

    /// Whether the pattern holds a path template, which Blender fills in from 4.5 on; names are then known only once a
    /// frame is rendered.
    pub fn has_template(&self) -> bool {
        let open = self.pattern.replace("{{", "").replace("}}", "");
        open.find('{')
            .is_some_and(|start| open.get(start..).is_some_and(|rest| rest.contains('}')))
    }
}

/// Resolves a leading `//` against the folder of the artist's own .blend file and folds `.` and `..` away, as Blender
/// does. Other paths stay as they are. Works on text, since the path may be another computer's.
pub fn resolve(pattern: &str, blend_dir: &str) -> String {
    let Some(relative) = pattern.strip_prefix("//") else {
        return pattern.to_owned();
    };
    let windows = blend_dir.contains('\\') || blend_dir.as_bytes().get(1) == Some(&b':');
    let separator = if windows { '\\' } else { '/' };
    let is_separator = |letter: char| letter == '/' || letter == '\\';
    // A name that may hold a backslash exists on POSIX, but Blender takes it for a separator behind `//`.
    let mut kept: Vec<&str> = if windows {
        blend_dir.split(is_separator).collect()
    } else {
        blend_dir.split('/').collect()
    };
    while kept.len() > 1 && kept.last() == Some(&"") {
        kept.pop();
    }
    // The root, the drive, or the two empty parts and the server and share of a UNC path.
    let root = if blend_dir.starts_with("\\\\") { 4 } else { 1 };
    let mut parts = relative.split(is_separator).peekable();
    while let Some(part) = parts.next() {
        match part {
            "" | "." if parts.peek().is_some() => {}
            ".." if kept.len() > root => drop(kept.pop()),
            ".." => {}
            part => kept.push(part),
        }
    }
    kept.join(separator.to_string().as_str())
}

/// Whether an output path lies in a temporary folder, which is where Blender puts it by default: on a farm that is some
/// worker's own, and nobody finds the frames.
pub fn is_temporary(pattern: &str) -> bool {
    let path = pattern.replace('\\', "/").to_lowercase();
    let without_drive = match path.as_bytes() {
        [drive, b':', ..] if drive.is_ascii_alphabetic() => path.get(2..).unwrap_or_default(),
        _ => path.as_str(),
    };
    let below = |folder: &str| {
        without_drive
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    path.is_empty()
        || [
            "/tmp",
            "/temp",
            "/var/tmp",
            "/private/tmp",
            "/var/folders",
            "/private/var/folders",
            "/windows/temp",
        ]
        .iter()
        .any(|folder| below(folder))
        || without_drive.contains("/appdata/local/temp/")
}

/// Where the file name begins.
fn name_start(path: &str) -> usize {
    path.rfind(['/', '\\']).map_or(0, |separator| separator + 1)
}

fn with_frame(pattern: &str, frame: i32) -> String {
    let (folder, name) = pattern.split_at(name_start(pattern));
    // The minus sign comes on top of the digits, as with C's `%.4d`.
    let number = |digits: usize| {
        let sign = if frame < 0 { "-" } else { "" };
        format!("{sign}{:0digits$}", frame.unsigned_abs())
    };
    match name.rfind('#') {
        None => format!("{folder}{name}{}", number(4)),
        Some(last) => {
            let (head, tail) = name.split_at(last + 1);
            let before = head.trim_end_matches('#');
            format!(
                "{folder}{before}{}{tail}",
                number(head.len() - before.len())
            )
        }
    }
}

/// The extensions of a format, the one that Blender adds first; none for formats that it adds none to.
fn extensions(file_format: &str) -> &'static [&'static str] {
    match file_format {
        "PNG" => &[".png"],
        "JPEG" => &[".jpg", ".jpeg"],
        "JPEG2000" => &[".jp2"],
        "BMP" => &[".bmp"],
        "TARGA" | "TARGA_RAW" => &[".tga"],
        "IRIS" => &[".rgb"],
        "CINEON" => &[".cin"],
        "DPX" => &[".dpx"],
        "OPEN_EXR" | "OPEN_EXR_MULTILAYER" => &[".exr"],
        "HDR" => &[".hdr"],
        "TIFF" => &[".tif", ".tiff"],
        "WEBP" => &[".webp"],
        "AVIF" => &[".avif"],
        _ => &[],
    }
}

fn with_extension(path: String, extensions: &[&str]) -> String {
    let Some(own) = extensions.first() else {
        return path;
    };
    if extensions
        .iter()
        .any(|extension| ends_with(&path, extension))
    {
        return path;
    }
    let known = IMAGE_EXTENSIONS
        .iter()
        .find(|extension| ends_with(&path, extension));
    let stem = match known {
        Some(known) => path.get(..path.len() - known.len()).unwrap_or(&path),
        None => path.trim_end_matches('.'),
    };
    format!("{stem}{own}")
}

fn ends_with(path: &str, extension: &str) -> bool {
    path.len()
        .checked_sub(extension.len())
        .and_then(|start| path.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

fn with_suffix(path: &str, suffix: &str) -> String {
    let name = name_start(path);
    let dot = path
        .get(name..)
        .and_then(|file| file.rfind('.'))
        .map_or(path.len(), |dot| name + dot);
    let (head, tail) = path.split_at(dot);
    format!("{head}{suffix}{tail}")
}
