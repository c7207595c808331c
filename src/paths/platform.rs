// SPDX-License-Identifier: Apache-2.0
//! The platforms that paths belong to.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::PathsError;

/// A platform with paths of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Linux, and whatever else has its paths.
    Linux,
    /// Windows: drive letters and `\\server\share`, both slashes.
    Windows,
    /// macOS.
    MacOs,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linux, Self::Windows, Self::MacOs];

    /// The platform that this program was built for.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }

    /// The name that Go's `runtime.GOOS`, and so a Manager, has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::MacOs => "darwin",
        }
    }

    /// What it writes between names.
    pub const fn separator(self) -> char {
        match self {
            Self::Windows => '\\',
            Self::Linux | Self::MacOs => '/',
        }
    }

    /// Whether a character stands between names.
    pub const fn is_separator(self, character: char) -> bool {
        character == '/' || (character == '\\' && matches!(self, Self::Windows))
    }

    /// Whether its names are the same in capital and small letters. macOS can be set up either way; as it comes they are,
    /// and a folder that is missed for a letter is worse than one of two that nobody has.
    pub const fn ignores_case(self) -> bool {
        matches!(self, Self::Windows | Self::MacOs)
    }

    /// Whether a path of this platform can be one of the other's as it is.
    pub const fn is_like(self, other: Self) -> bool {
        matches!(self, Self::Windows) == matches!(other, Self::Windows)
    }

    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Linux => "/mnt/films/a.blend",
            Self::Windows => r"Z:\films\a.blend or \\server\films\a.blend",
            Self::MacOs => "/Volumes/films/a.blend",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
        })
    }
}

impl FromStr for Platform {
    type Err = PathsError;

    /// Any usual name of it.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.to_ascii_lowercase().as_str() {
            "linux" => Ok(Self::Linux),
            "windows" => Ok(Self::Windows),
            "darwin" | "macos" => Ok(Self::MacOs),
            _ => Err(PathsError::UnknownPlatform {
                name: name.to_owned(),
            }),
        }
    }
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
