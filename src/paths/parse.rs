// SPDX-License-Identifier: Apache-2.0
//! A path taken apart: where it begins, and its names.

use super::{PathsError, Platform};

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root<'a> {
    /// `/`.
    Slash,
    /// `C:\`; the letter as a capital.
    Drive(char),
    /// `\\server\share\`.
    Share { server: &'a str, share: &'a str },
}

/// An absolute path taken apart, `.` and `..` resolved by the words alone, as Blender does it: what lies behind a link on
/// another computer is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed<'a> {
    pub root: Root<'a>,
    pub names: Vec<&'a str>,
    /// A separator at the end, by which Blender knows a folder in an output path.
    pub is_folder: bool,
}

impl<'a> Parsed<'a> {
    pub(super) fn new(path: &'a str, platform: Platform) -> Result<Self, PathsError> {
        let not_absolute = || PathsError::NotAbsolute {
            path: path.to_owned(),
            platform,
        };
        let is_separator = |character| platform.is_separator(character);
        let (root, rest) = if platform == Platform::Windows {
            windows_root(path).ok_or_else(not_absolute)?
        } else {
            if path.starts_with("//") {
                return Err(PathsError::BlenderRelative {
                    path: path.to_owned(),
                });
            }
            let rest = path.strip_prefix('/').ok_or_else(not_absolute)?;
            (Root::Slash, rest)
        };
        let mut names = Vec::with_capacity(8);
        for name in rest.split(is_separator) {
            match name {
                "" | "." => {}
                // Above the root there is nothing.
                ".." => drop(names.pop()),
                name => names.push(name),
            }
        }
        Ok(Self {
            root,
            names,
            is_folder: rest.ends_with(is_separator),
        })
    }

    /// The path in a platform's own writing.
    pub(super) fn write(&self, platform: Platform) -> String {
        let mut text = self.root.write();
        append(&mut text, &self.names, self.is_folder, platform);
        text
    }
}

impl Root<'_> {
    /// The beginning without a separator at its end.
    pub(super) fn write(self) -> String {
        match self {
            Self::Slash => String::new(),
            Self::Drive(letter) => format!("{letter}:"),
            Self::Share { server, share } => format!(r"\\{server}\{share}"),
        }
    }

    /// Whether both begin at the same place; only Windows has more than one, and no case.
    pub(super) fn is_same(self, other: Root<'_>) -> bool {
        match (self, other) {
            (Self::Slash, Root::Slash) => true,
            (Self::Drive(one), Root::Drive(other)) => one == other,
            (
                Self::Share { server, share },
                Root::Share {
                    server: other_server,
                    share: other_share,
                },
            ) => is_same_name(server, other_server, true) && is_same_name(share, other_share, true),
            _ => false,
        }
    }
}

/// Appends names to a folder that is written without a separator at its end.
pub(super) fn append(text: &mut String, names: &[&str], is_folder: bool, platform: Platform) {
    let separator = platform.separator();
    for name in names {
        text.push(separator);
        text.push_str(name);
    }
    // A root alone is not one without its separator.
    if (names.is_empty() && (text.is_empty() || text.ends_with(':')))
        || (is_folder && !text.ends_with(separator))
    {
        text.push(separator);
    }
}

/// Whether two names are one and the same file's.
pub(super) fn is_same_name(one: &str, other: &str, ignores_case: bool) -> bool {
    if one == other {
        return true;
    }
    if !ignores_case {
        return false;
    }
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    let small = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    small(one) == small(other)
}

/// Where a path of Windows begins, and what follows. `C:a` and `\a` depend on where a program stands, and are none.
fn windows_root(path: &str) -> Option<(Root<'_>, &str)> {
    let is_slash = |character| character == '/' || character == '\\';
    // `\\?\C:\a` and `\\?\UNC\server\share\a` are the same files without a limit of length.
    let verbatim = path
        .strip_prefix(r"\\?\")
        .or_else(|| path.strip_prefix("//?/"));
    if let Some(rest) = verbatim {
        let share = rest
            .get(..4)
            .filter(|head| head.eq_ignore_ascii_case(r"UNC\"));
        return match share {
            Some(_) => share_root(rest.get(4..)?),
            None => drive_root(rest),
        };
    }
    let mut characters = path.chars();
    if characters.next().is_some_and(is_slash) {
        let rest = characters.as_str();
        return share_root(rest.strip_prefix(is_slash)?);
    }
    drive_root(path)
}

fn drive_root(path: &str) -> Option<(Root<'_>, &str)> {
    let mut characters = path.chars();
    let letter = characters.next().filter(char::is_ascii_alphabetic)?;
    let rest = characters.as_str().strip_prefix(':')?;
    let begins_well = rest.is_empty() || rest.starts_with(['/', '\\']);
    begins_well.then(|| (Root::Drive(letter.to_ascii_uppercase()), rest))
}

fn share_root(path: &str) -> Option<(Root<'_>, &str)> {
    let is_slash = |character| character == '/' || character == '\\';
    let (server, rest) = path.split_once(is_slash)?;
    let rest = rest.trim_start_matches(is_slash);
    let end = rest.find(is_slash).unwrap_or(rest.len());
    let (share, rest) = rest.split_at_checked(end)?;
    // `\\.\` are devices.
    let is_named = |name: &str| !name.is_empty() && !matches!(name, "." | ".." | "?");
    (is_named(server) && is_named(share)).then_some((Root::Share { server, share }, rest))
}

/// A path in its platform's own writing: one separator between names, `.` and `..` resolved by the words alone, a separator at the
/// end kept.
pub fn normal(path: &str, platform: Platform) -> Result<String, PathsError> {
    Parsed::new(path, platform).map(|parsed| parsed.write(platform))
}
