// SPDX-License-Identifier: Apache-2.0
//! One rule: from a folder of one platform to a folder of another.

use std::fmt;

use serde::Serialize;

use super::parse::{Parsed, Root, is_same_name};
use super::{PathsError, Platform};

/// For whom a Manager has a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The computers that submit.
    Users,
    /// The computers that render.
    Workers,
}

impl Audience {
    /// The word in a Manager's addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Workers => "workers",
        }
    }
}

/// Where a rule came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Origin {
    /// A two-way variable of the Manager, its source the value that this audience has.
    Variable {
        /// The variable's name.
        name: String,
        /// Whose value the source is.
        audience: Audience,
    },
    /// The folder that the Manager shares with everybody.
    SharedStorage,
    /// What a person has set.
    Settings {
        /// The file with the settings.
        file: String,
    },
    /// A file of Open Job Description.
    File {
        /// The file.
        file: String,
    },
    /// Given by a program.
    Given,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, audience } => {
                write!(
                    formatter,
                    "the farm's variable {name} for {}",
                    audience.as_str()
                )
            }
            Self::SharedStorage => formatter.write_str("the farm's shared storage"),
            Self::Settings { .. } => formatter.write_str("your settings"),
            Self::File { file } => write!(formatter, "the file {file}"),
            Self::Given => formatter.write_str("the program"),
        }
    }
}

/// From a folder of one platform to a folder of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    source: String,
    source_platform: Platform,
    target: String,
    target_platform: Platform,
    origin: Origin,
    /// Characters of the source; the longest rule goes first.
    #[serde(skip)]
    length: usize,
    /// The target without a separator at its end.
    #[serde(skip)]
    stem: String,
}

impl Rule {
    /// A rule; both folders are written down as their platforms write them, without a separator at the end.
    pub fn new(
        (source_platform, source): (Platform, &str),
        (target_platform, target): (Platform, &str),
        origin: Origin,
    ) -> Result<Self, PathsError> {
        let folder = |path, platform| -> Result<(String, String), PathsError> {
            let mut parsed = Parsed::new(path, platform)?;
            parsed.is_folder = false;
            let mut stem = parsed.root.write();
            if !parsed.names.is_empty() {
                super::parse::append(&mut stem, &parsed.names, false, platform);
            }
            Ok((parsed.write(platform), stem))
        };
        let (source, _) = folder(source, source_platform)?;
        let (target, stem) = folder(target, target_platform)?;
        Ok(Self {
            length: source.chars().count(),
            source,
            source_platform,
            target,
            target_platform,
            origin,
            stem,
        })
    }

    /// The folder that it is about.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whose folder that is.
    pub fn source_platform(&self) -> Platform {
        self.source_platform
    }

    /// The folder that stands in its place.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whose folder that is.
    pub fn target_platform(&self) -> Platform {
        self.target_platform
    }

    /// Where the rule came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn stem(&self) -> &str {
        &self.stem
    }
}

/// A rule's source taken apart once, for many paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    root: OwnedRoot,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum OwnedRoot {
    Slash,
    Drive(char),
    Share { server: String, share: String },
}

impl Source {
    pub(super) fn of(rule: &Rule) -> Result<Self, PathsError> {
        let parsed = Parsed::new(&rule.source, rule.source_platform)?;
        let root = match parsed.root {
            Root::Slash => OwnedRoot::Slash,
            Root::Drive(letter) => OwnedRoot::Drive(letter),
            Root::Share { server, share } => OwnedRoot::Share {
                server: server.to_owned(),
                share: share.to_owned(),
            },
        };
        Ok(Self {
            root,
            names: parsed.names.into_iter().map(str::to_owned).collect(),
        })
    }

    /// The names of a path below this folder; none where it lies elsewhere. `/mnt` holds `/mnt/a` and itself, not `/mnt2`.
    pub(super) fn below<'p, 'a>(
        &self,
        path: &'p Parsed<'a>,
        ignores_case: bool,
    ) -> Option<&'p [&'a str]> {
        let root = match &self.root {
            OwnedRoot::Slash => Root::Slash,
            OwnedRoot::Drive(letter) => Root::Drive(*letter),
            OwnedRoot::Share { server, share } => Root::Share { server, share },
        };
        let (head, below) = path.names.split_at_checked(self.names.len())?;
        // Folders beside each other differ in their last names first.
        let is_same = |(mine, its): (&String, &&str)| is_same_name(mine, its, ignores_case);
        (path.root.is_same(root) && self.names.iter().zip(head).rev().all(is_same)).then_some(below)
    }
}
