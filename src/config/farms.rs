// SPDX-License-Identifier: Apache-2.0
//! Farms by name: `farms.json` in the folder of the settings. Keys that this version does not know are kept.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Dirs;
use super::secrets::{secret_file, shared_mode, write_private};

const FILE: &str = "farms.json";

/// The name of the farm on this computer.
pub const LOCAL: &str = "local";

/// Why the list of farms cannot be used, or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FarmsError {
    /// The file cannot be read, written or understood.
    #[error("the list of farms cannot be used ({detail}); mend the file or remove it: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A proxy's password stands in the file, and others can read it.
    #[error(
        "others on this computer can read the list of farms, and a proxy's password stands in it; take it from them with \
         chmod 600: {}",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A name that would not do on a command line or as a file's name.
    #[error("a farm cannot be named {0:?}; use letters, digits, - and _")]
    BadName(String),
    /// A farm is forgotten, and its secret is not.
    #[error("the farm {name} is forgotten, but its token is left ({source}); remove it: {}", path.display())]
    SecretLeft {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no farm of that name.
    #[error("no farm is named {name:?}; {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Which there are, in words.
        known: String,
    },
    /// There is such a farm already.
    #[error("a farm is named {0:?} already; remove it first, or replace it (--replace)")]
    Taken(String),
    /// An address holds a name or a password.
    #[error(
        "the farm's address must not hold a name or password: it is shown; use --auth basic --user NAME and a token file"
    )]
    CredentialsInUrl,
}

/// How one shows who one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// `Authorization: Bearer` and the token.
    #[default]
    Bearer,
    /// `Authorization: Basic` with the user's name and the token as the password.
    Basic,
    /// A header of another name, which holds the token.
    Header,
}

/// A farm that has a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FarmEntry {
    /// Its address.
    pub url: String,
    /// How the token is sent.
    #[serde(default)]
    pub auth: Auth,
    /// The user's name, for `basic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The header's name, for `header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The file that holds the token; its user's alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The environment variable that holds the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// A PEM file with those who may vouch for the farm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// An HTTP proxy's address, or `none`; as the environment says where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Whether the token may go unencrypted to another computer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_plain_http: bool,
    /// What this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The farms that have names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Farms {
    /// The farm that is meant where none is named; this computer where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// By name.
    #[serde(default)]
    pub farms: BTreeMap<String, FarmEntry>,
    /// What this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Farms {
    /// The file that they are kept in.
    pub fn file(dirs: &Dirs) -> PathBuf {
        dirs.config.join(FILE)
    }

    /// Reads them; without a file there are none.
    pub fn load(dirs: &Dirs) -> Result<Self, FarmsError> {
        let path = Self::file(dirs);
        let farms: Self = match fs::read(&path) {
            Ok(content) => serde_json::from_slice(&content).map_err(trouble(&path))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(trouble(&path)(error)),
        };
        let has_password = farms
            .farms
            .values()
            .any(|farm| farm.proxy.as_ref().is_some_and(|proxy| proxy.contains('@')));
        let is_shared = fs::metadata(&path).is_ok_and(|found| shared_mode(&found).is_some());
        if has_password && is_shared {
            return Err(FarmsError::Exposed { path });
        }
        Ok(farms)
    }

    /// Writes them for their user alone, whole or not at all.
    pub fn save(&self, dirs: &Dirs) -> Result<(), FarmsError> {
        let path = Self::file(dirs);
        let mut content = serde_json::to_vec_pretty(self).map_err(trouble(&path))?;
        content.push(b'\n');
        write_private(&path, &content).map_err(trouble(&path))
    }

    /// The farm of that name.
    pub fn get(&self, name: &str) -> Result<&FarmEntry, FarmsError> {
        self.farms.get(name).ok_or_else(|| self.unknown(name))
    }

    /// The farm at that address, with its name.
    pub fn at(&self, url: &str) -> Option<(&String, &FarmEntry)> {
        let bare = |url: &str| url.trim().trim_end_matches('/').to_owned();
        let wanted = bare(url);
        self.farms
            .iter()
            .find(|(_, farm)| bare(&farm.url) == wanted)
    }

    /// Adds a farm, or replaces the one of that name.
    pub fn add(&mut self, name: &str, farm: FarmEntry, replace: bool) -> Result<(), FarmsError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name == LOCAL || !name.chars().all(is_plain) {
            return Err(FarmsError::BadName(name.to_owned()));
        }
        let authority = farm.url.split_once("://").map_or("", |(_, rest)| rest);
        if authority
            .split(['/', '?', '#'])
            .next()
            .is_some_and(|host| host.contains('@'))
        {
            return Err(FarmsError::CredentialsInUrl);
        }
        if self.farms.contains_key(name) && !replace {
            return Err(FarmsError::Taken(name.to_owned()));
        }
        self.farms.insert(name.to_owned(), farm);
        Ok(())
    }

    /// Forgets a farm; this computer is meant again where it was the one that is meant.
    pub fn remove(&mut self, name: &str) -> Result<FarmEntry, FarmsError> {
        let Some(removed) = self.farms.remove(name) else {
            return Err(self.unknown(name));
        };
        if self.default.as_deref() == Some(name) {
            self.default = None;
        }
        Ok(removed)
    }

    /// Removes a farm from the list that is kept, and the secret that was kept for it. A file that people named
    /// themselves stays theirs.
    pub fn forget(dirs: &Dirs, name: &str) -> Result<(), FarmsError> {
        let mut farms = Self::load(dirs)?;
        let removed = farms.remove(name)?;
        farms.save(dirs)?;
        let path = secret_file(dirs, name);
        if removed.token_file.as_ref() != Some(&path) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(FarmsError::SecretLeft {
                name: name.to_owned(),
                path,
                source: error,
            }),
            _ => Ok(()),
        }
    }

    /// Makes a farm the one that is meant where none is named.
    pub fn set_default(&mut self, name: &str) -> Result<(), FarmsError> {
        if name != LOCAL {
            self.get(name)?;
        }
        self.default = (name != LOCAL).then(|| name.to_owned());
        Ok(())
    }

    fn unknown(&self, name: &str) -> FarmsError {
        let names: Vec<&str> = self.farms.keys().map(String::as_str).collect();
        FarmsError::Unknown {
            name: name.to_owned(),
            known: if names.is_empty() {
                "farmhand farms add NAME URL adds one, and an address begins with http:// or https://".to_owned()
            } else {
                format!(
                    "there are local, {}; farmhand farms add NAME URL adds one",
                    names.join(", ")
                )
            },
        }
    }
}

fn trouble<E: ToString>(path: &Path) -> impl FnOnce(E) -> FarmsError + '_ {
    move |error| FarmsError::File {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Dirs) {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::below(home.path());
        (home, dirs)
    }

    fn entry(url: &str) -> FarmEntry {
        FarmEntry {
            url: url.to_owned(),
            ..FarmEntry::default()
        }
    }

    #[test]
    fn farms_are_kept_with_keys_of_other_versions() {
        let (_home, dirs) = home();
        assert_eq!(Farms::load(&dirs).unwrap(), Farms::default());
        let written = r#"{"default": "a", "theme": "dark",
            "farms": {"a": {"url": "https://a", "auth": "header", "header": "X-Key", "colour": [1]}}}"#;
        fs::create_dir_all(&dirs.config).unwrap();
        fs::write(Farms::file(&dirs), written).unwrap();
        let mut farms = Farms::load(&dirs).unwrap();
        farms.add("b", entry("https://b/farm/"), false).unwrap();
        farms.save(&dirs).unwrap();
        let again = Farms::load(&dirs).unwrap();
        assert_eq!(again, farms);
        assert_eq!(again.other["theme"], "dark");
        assert_eq!(again.get("a").unwrap().other["colour"][0], 1);
        assert_eq!(again.get("a").unwrap().auth, Auth::Header);
        assert_eq!(again.at("https://b/farm").unwrap().0, "b");
        assert_eq!(again.at("https://b"), None);
    }

    #[test]
    fn names_are_plain_and_taken_once() {
        let mut farms = Farms::default();
        for name in ["", "local", "a b", "../x", "a/b", "http://x"] {
            let error = farms.add(name, entry("https://a"), false).unwrap_err();
            assert!(matches!(error, FarmsError::BadName(_)), "{name}");
        }
        farms.add("a", entry("https://a"), false).unwrap();
        assert!(matches!(
            farms.add("a", entry("https://b"), false),
            Err(FarmsError::Taken(_))
        ));
        farms.add("a", entry("https://b"), true).unwrap();
        assert!(matches!(
            farms.add("c", entry("https://ada:pass@c/@"), false),
            Err(FarmsError::CredentialsInUrl)
        ));
        farms.add("c", entry("https://c/@home"), false).unwrap();
    }

    #[test]
    fn removing_the_default_makes_this_computer_the_one_that_is_meant() {
        let mut farms = Farms::default();
        farms.add("a", entry("https://a"), false).unwrap();
        farms.set_default("a").unwrap();
        let error = farms.set_default("b").unwrap_err().to_string();
        assert!(error.contains("local, a"), "{error}");
        farms.remove("a").unwrap();
        assert_eq!(farms.default, None);
        farms.set_default(LOCAL).unwrap();
        assert!(farms.remove("a").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_password_of_a_proxy_is_not_read_where_others_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_home, dirs) = home();
        let mut farms = Farms::default();
        let mut farm = entry("https://a");
        farm.proxy = Some("http://ada:hunter2@proxy".to_owned());
        farms.add("a", farm, false).unwrap();
        farms.save(&dirs).unwrap();
        Farms::load(&dirs).unwrap();
        fs::set_permissions(Farms::file(&dirs), fs::Permissions::from_mode(0o644)).unwrap();
        let error = Farms::load(&dirs).unwrap_err();
        assert!(matches!(error, FarmsError::Exposed { .. }), "{error}");
        farms.remove("a").unwrap();
        farms.add("a", entry("https://a"), false).unwrap();
        fs::write(Farms::file(&dirs), serde_json::to_vec(&farms).unwrap()).unwrap();
        Farms::load(&dirs).unwrap();
    }

    #[test]
    fn a_broken_file_is_named() {
        let (_home, dirs) = home();
        fs::create_dir_all(&dirs.config).unwrap();
        fs::write(Farms::file(&dirs), "{").unwrap();
        let error = Farms::load(&dirs).unwrap_err().to_string();
        assert!(error.contains("farms.json"), "{error}");
    }
}
