// SPDX-License-Identifier: Apache-2.0
//! Paths as .blend files hold them: bytes without a promise of being text.

use std::fmt;

use serde::{Serialize, Serializer};

/// A path as it is stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StoredPath(Vec<u8>);

/// How a path says where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathForm {
    /// `//textures/a.png`: below the folder of the .blend file.
    Relative,
    /// `/textures/a.png`.
    Absolute,
    /// `C:\textures\a.png`.
    Windows,
    /// `\\server\share\a.png`.
    Unc,
    /// `a.png`: without any beginning. Blender takes it for a file in the current folder, wherever that is.
    Bare,
}

impl StoredPath {
    /// The bytes up to the first zero.
    pub fn new(bytes: &[u8]) -> Self {
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Self(text.to_owned())
    }

    /// A name in a folder, as Blender joins them.
    pub fn joined(folder: &[u8], name: &[u8]) -> Self {
        let (mut path, name) = (Self::new(folder), Self::new(name));
        if !path.0.is_empty() && !path.0.ends_with(b"/") && !path.0.ends_with(b"\\") {
            path.0.push(b'/');
        }
        path.0.extend(name.0);
        path
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text; what is no UTF-8 is replaced.
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How the path says where it begins.
    pub fn form(&self) -> PathForm {
        form(&self.0)
    }
}

/// Whether text that may be anything, as in a custom property, begins like a path and could be one.
pub(in crate::blend) fn looks_like_a_path(text: &[u8]) -> bool {
    let is_line = !text.iter().any(u8::is_ascii_control) && text.len() < 1024;
    let begins_like_one = match form(text) {
        PathForm::Relative => text
            .get(2)
            .is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'/'),
        PathForm::Absolute => text.get(1..).is_some_and(|rest| rest.contains(&b'/')),
        PathForm::Windows | PathForm::Unc => true,
        PathForm::Bare => false,
    };
    is_line && begins_like_one
}

fn form(path: &[u8]) -> PathForm {
    match path {
        [b'/', b'/', ..] => PathForm::Relative,
        [b'\\', b'\\', ..] => PathForm::Unc,
        [b'/', ..] => PathForm::Absolute,
        [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic() => PathForm::Windows,
        _ => PathForm::Bare,
    }
}

impl fmt::Debug for StoredPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), formatter)
    }
}

impl Serialize for StoredPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}
