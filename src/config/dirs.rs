// SPDX-License-Identifier: Apache-2.0
//! The four folders that a program of this platform may call its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Why Farmhand's folders could not be named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Neither `HOME` (on Windows `LOCALAPPDATA`) nor the user database names a home folder.
    #[error(
        "this user has no home folder; set FARMHAND_HOME to a folder where Farmhand may keep its files"
    )]
    NoHome,
    /// `FARMHAND_HOME` is relative, and would mean another folder in each process.
    #[error("FARMHAND_HOME must be an absolute path, but is {}", path.display())]
    RelativeHome {
        /// The value as it was given.
        path: PathBuf,
    },
    /// The file of path rules can't be used.
    #[error("the path rules can't be used ({detail}); mend the file or remove it: {}", path.display())]
    PathRules {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

/// The rules by which a platform places a program's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// The XDG Base Directory Specification; also what the BSDs follow.
    Xdg,
    /// `~/Library`.
    MacOs,
    /// `%LOCALAPPDATA%`.
    Windows,
}

impl Platform {
    /// The platform that this program was built for.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Xdg
        }
    }
}

/// Farmhand's folders. They are named here and made by whoever first writes into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// What people set: farms, defaults.
    pub config: PathBuf,
    /// What must be kept: the local farm's job files and frames without another home.
    pub data: PathBuf,
    /// What the program knows of its past: database, logs, the running server.
    pub state: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
}

impl Dirs {
    /// The folders of this process's environment; `FARMHAND_HOME` puts all of them below one folder.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::resolve(
            Platform::current(),
            std::env::home_dir().as_deref(),
            |name| std::env::var_os(name),
        )
    }

    /// All four folders below one.
    pub fn below(home: &Path) -> Self {
        Self {
            config: home.join("config"),
            data: home.join("data"),
            state: home.join("state"),
            cache: home.join("cache"),
        }
    }

    /// The folders that `variables` (the environment) and `home` lead to on `platform`.
    pub fn resolve(
        platform: Platform,
        home: Option<&Path>,
        variables: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let variable = |name: &str| {
            variables(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        if let Some(path) = variable("FARMHAND_HOME") {
            if path.is_relative() {
                return Err(ConfigError::RelativeHome { path });
            }
            return Ok(Self::below(&path));
        }
        let home = home.filter(|path| path.is_absolute());
        match platform {
            Platform::Xdg => {
                // The specification: "All paths must be absolute. If an implementation encounters a relative path
                // […] it should consider the path invalid and ignore it."
                let place = |name: &str, fallback: &[&str]| {
                    variable(name)
                        .filter(|path| path.is_absolute())
                        .or_else(|| {
                            home.map(|home| home.join(fallback.iter().collect::<PathBuf>()))
                        })
                        .map(|path| path.join("farmhand"))
                        .ok_or(ConfigError::NoHome)
                };
                Ok(Self {
                    config: place("XDG_CONFIG_HOME", &[".config"])?,
                    data: place("XDG_DATA_HOME", &[".local", "share"])?,
                    state: place("XDG_STATE_HOME", &[".local", "state"])?,
                    cache: place("XDG_CACHE_HOME", &[".cache"])?,
                })
            }
            Platform::MacOs => {
                let library = home.ok_or(ConfigError::NoHome)?.join("Library");
                Ok(Self {
                    cache: library.join("Caches").join("Farmhand"),
                    ..Self::below(&library.join("Application Support").join("Farmhand"))
                })
            }
            Platform::Windows => {
                let local = variable("LOCALAPPDATA")
                    .or_else(|| home.map(|home| home.join("AppData").join("Local")))
                    .ok_or(ConfigError::NoHome)?;
                Ok(Self::below(&local.join("Farmhand")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        platform: Platform,
        home: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<Dirs, ConfigError> {
        Dirs::resolve(platform, home.map(Path::new), |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn xdg_folders_are_honoured_where_set_and_absolute() {
        let dirs = resolve(
            Platform::Xdg,
            Some("/home/a"),
            &[
                ("XDG_STATE_HOME", "/s"),
                ("XDG_CACHE_HOME", "relative"),
                ("XDG_DATA_HOME", ""),
            ],
        )
        .unwrap();
        assert_eq!(dirs.state, Path::new("/s/farmhand"));
        assert_eq!(dirs.cache, Path::new("/home/a/.cache/farmhand"));
        assert_eq!(dirs.data, Path::new("/home/a/.local/share/farmhand"));
        assert_eq!(dirs.config, Path::new("/home/a/.config/farmhand"));
    }

    #[test]
    fn one_variable_puts_everything_below_one_folder() {
        for platform in [Platform::Xdg, Platform::MacOs, Platform::Windows] {
            let dirs = resolve(
                platform,
                None,
                &[("FARMHAND_HOME", "/one"), ("XDG_STATE_HOME", "/s")],
            )
            .unwrap();
            assert_eq!(dirs, Dirs::below(Path::new("/one")));
        }
        assert!(matches!(
            resolve(Platform::Xdg, Some("/home/a"), &[("FARMHAND_HOME", "one")]),
            Err(ConfigError::RelativeHome { .. })
        ));
    }

    #[test]
    fn the_mac_keeps_its_cache_apart() {
        let dirs = resolve(Platform::MacOs, Some("/Users/a"), &[]).unwrap();
        assert_eq!(
            dirs.state,
            Path::new("/Users/a/Library/Application Support/Farmhand/state")
        );
        assert_eq!(dirs.cache, Path::new("/Users/a/Library/Caches/Farmhand"));
    }

    #[test]
    fn windows_keeps_all_in_the_local_application_data() {
        let dirs = resolve(
            Platform::Windows,
            Some("/c/Users/a"),
            &[("LOCALAPPDATA", "/c/Local")],
        )
        .unwrap();
        assert_eq!(dirs.data, Path::new("/c/Local/Farmhand/data"));
    }

    #[test]
    fn without_any_home_the_way_out_is_named() {
        let error = resolve(Platform::Xdg, None, &[]).unwrap_err();
        assert!(error.to_string().contains("FARMHAND_HOME"));
    }
}
