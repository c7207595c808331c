// SPDX-License-Identifier: Apache-2.0
//! Why a path or a rule has no meaning.

use super::Platform;

/// Why a path or a rule has no meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathsError {
    /// It does not say where it begins, and would mean another file in each program.
    #[error("the path is not absolute on {platform}; write it from its beginning ({}): {path:?}", .platform.example())]
    NotAbsolute {
        /// The path.
        path: String,
        /// The platform whose path it should be.
        platform: Platform,
    },
    /// `//` begins what Blender looks for beside the .blend file.
    #[error(
        "// stands for the .blend file's own folder, which is not known here; write the whole path: {path}"
    )]
    BlenderRelative {
        /// The path.
        path: String,
    },
    /// A name that the other platform takes for something else.
    #[error("{platform} has no form for the name {name:?} of the path; rename it: {path}")]
    NoForm {
        /// The path.
        path: String,
        /// The name.
        name: String,
        /// The platform that takes it for something else.
        platform: Platform,
    },
    /// A platform that is none of the three.
    #[error("there is no platform {name:?}; write linux, windows or darwin")]
    UnknownPlatform {
        /// What was written.
        name: String,
    },
    /// Not a file of path rules in the form of Open Job Description.
    #[error("this is no file of path rules (pathmapping-1.0): {detail}: {file}")]
    BadFile {
        /// The file.
        file: String,
        /// What is wrong.
        detail: String,
    },
}
