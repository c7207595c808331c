// SPDX-License-Identifier: Apache-2.0
//! What a check has to say.

use serde::{Deserialize, Serialize};

/// How grave a finding is; the gravest sorts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The job would fail or render something else than was meant; it is not sent.
    Error,
    /// The job renders, and may disappoint.
    Warning,
    /// Something that Farmhand does differently than one might expect.
    Notice,
}

impl Severity {
    /// The word that JSON and Python use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Something in the scene that a finding is about, so that it can be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// What it is, in Blender's words: `object`, `image`, `node`, `strip`, `library` and so on.
    pub kind: String,
    /// Its name; of a strip, that of its file.
    pub name: String,
}

impl Thing {
    /// A thing of that kind and name.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            name: name.into(),
        }
    }
}

/// Something to know, or to mend, before sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A name that stays, such as `no-camera`.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about.
    pub message: String,
    /// The way out: an option of the command, or a sentence.
    pub fix: Option<String>,
    /// The things that it is about, by name: objects, nodes, files; empty where it is the scene as a whole.
    pub owners: Vec<String>,
    /// The owners that are in the scene, each with what it is.
    #[serde(default)]
    pub things: Vec<Thing>,
    /// What the message sums up, one line for each; empty where it says all.
    #[serde(default)]
    pub details: Vec<String>,
    /// Whether it can be fixed right here: by an option of the command, or by the Fix button of Blender's panel.
    pub fixable: bool,
}

impl Finding {
    /// An error, which holds a job back.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A notice.
    pub fn notice(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, message)
    }

    fn new(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity,
            message: message.into(),
            fix: None,
            owners: Vec::new(),
            things: Vec::new(),
            details: Vec::new(),
            fixable: false,
        }
    }

    /// Adds a way out that leads elsewhere, such as to another Blender.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Adds a way out that is right here: an option of the command, or the panel's Fix button.
    #[must_use]
    pub fn fix_here(mut self, fix: impl Into<String>) -> Self {
        self.fixable = true;
        self.fix(fix)
    }

    /// Adds the things that it is about; each is named once.
    #[must_use]
    pub fn about(mut self, owners: impl IntoIterator<Item = String>) -> Self {
        for owner in owners {
            if !self.owners.contains(&owner) {
                self.owners.push(owner);
            }
        }
        self
    }

    /// Adds the things of the scene that it is about; each is named once.
    #[must_use]
    pub fn about_things(mut self, things: impl IntoIterator<Item = Thing>) -> Self {
        for thing in things {
            if !self.things.contains(&thing) {
                self = self.about([thing.name.clone()]);
                self.things.push(thing);
            }
        }
        self
    }

    /// Adds a line for each of several things that the message sums up.
    #[must_use]
    pub fn details(mut self, lines: Vec<String>) -> Self {
        self.details = lines;
        self
    }
}
