// SPDX-License-Identifier: Apache-2.0
//! What people say of their paths: `paths.json` in the folder of the settings.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ConfigError, Dirs};

const FILE: &str = "paths.json";

/// Rules that people have set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathRules {
    /// Single rules, in the order in which they were given.
    #[serde(default)]
    pub rules: Vec<PathRule>,
    /// Files of rules in the form of Open Job Description.
    #[serde(default)]
    pub files: Vec<PathBuf>,
}

/// One rule: a folder, and where workers see it. The names of platforms are those of Go: `linux`, `windows`, `darwin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathRule {
    /// The folder.
    pub source: String,
    /// Whose folder it is; none stands for the platform that the rule is used on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_platform: Option<String>,
    /// Where workers see it.
    pub target: String,
    /// The workers' platform; none stands for all that such a path can be of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_platform: Option<String>,
    /// The address of the only farm that it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub farm: Option<String>,
}

impl PathRules {
    /// The file that they are kept in.
    pub fn file(dirs: &Dirs) -> PathBuf {
        dirs.config.join(FILE)
    }

    /// Reads them; without a file there are none.
    pub fn load(dirs: &Dirs) -> Result<Self, ConfigError> {
        let path = Self::file(dirs);
        match fs::read(&path) {
            Ok(content) => serde_json::from_slice(&content).map_err(trouble(&path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(trouble(&path)(error)),
        }
    }

    /// Adds a rule; what is said of a folder anew takes the old rule's place.
    pub fn put(&mut self, rule: PathRule) {
        self.rules.retain(|known| {
            known.source != rule.source
                || known.target_platform != rule.target_platform
                || known.farm != rule.farm
        });
        self.rules.push(rule);
    }

    /// Forgets what was said of a folder; returns whether anything was.
    pub fn forget(&mut self, source: &str) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.source != source);
        before != self.rules.len()
    }

    /// Writes them, whole or not at all.
    pub fn save(&self, dirs: &Dirs) -> Result<(), ConfigError> {
        let path = Self::file(dirs);
        let content = serde_json::to_vec_pretty(self).map_err(trouble(&path))?;
        let write = || {
            fs::create_dir_all(&dirs.config)?;
            let mut file = tempfile::NamedTempFile::new_in(&dirs.config)?;
            file.write_all(&content)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        };
        write().map(drop).map_err(trouble(&path))
    }
}

fn trouble<E: ToString>(path: &Path) -> impl FnOnce(E) -> ConfigError + '_ {
    move |error| ConfigError::PathRules {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_and_a_broken_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::below(home.path());
        assert_eq!(PathRules::load(&dirs).unwrap(), PathRules::default());
        let rules = PathRules {
            rules: vec![PathRule {
                source: "/home/ada/films".to_owned(),
                source_platform: None,
                target: "/mnt/films".to_owned(),
                target_platform: Some("linux".to_owned()),
                farm: None,
            }],
            files: vec![PathBuf::from("/studio/paths.json")],
        };
        rules.save(&dirs).unwrap();
        assert_eq!(PathRules::load(&dirs).unwrap(), rules);
        fs::write(PathRules::file(&dirs), r#"{"rule": []}"#).unwrap();
        let error = PathRules::load(&dirs).unwrap_err().to_string();
        assert!(
            error.contains("paths.json") && error.contains("rule"),
            "{error}"
        );
    }
}
