// SPDX-License-Identifier: Apache-2.0
//! The places where a Blender may lie.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Where to look. The default looks nowhere; [`Search::from_environment`] looks everywhere.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The Blender that people named (`FARMHAND_BLENDER`): a `blender` program, or a Python that has `bpy`.
    pub named: Option<PathBuf>,
    /// A Python that may have `bpy` (`FARMHAND_PYTHON`, or the Python that runs Farmhand).
    pub python: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// The usual places; a `*` stands for the rest of a folder's name.
    pub usual: Vec<PathBuf>,
}

impl Search {
    /// What this process's environment says; `python` is the Python that runs Farmhand, where there is one.
    pub fn from_environment(python: Option<PathBuf>) -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            named: variable("FARMHAND_BLENDER").map(PathBuf::from),
            python: variable("FARMHAND_PYTHON").map(PathBuf::from).or(python),
            path: variable("PATH"),
            usual: usual_places(std::env::home_dir().as_deref()),
        }
    }

    /// The program that a name or path means: a bare name is looked up on PATH.
    pub(super) fn resolve(&self, named: &Path) -> Option<PathBuf> {
        let is_bare = named.components().count() == 1 && named.is_relative();
        if is_bare && let Some(found) = self.on_path(named.as_os_str(), &mut Vec::new()) {
            return Some(found);
        }
        let absolute = std::path::absolute(named).ok()?;
        is_program(&absolute).then_some(absolute)
    }

    /// Looks for a program on PATH.
    pub(super) fn on_path(&self, name: &OsStr, looked_at: &mut Vec<String>) -> Option<PathBuf> {
        let path = self.path.as_deref()?;
        looked_at.push(format!("PATH ({})", path.to_string_lossy()));
        let mut file_name = name.to_owned();
        if cfg!(windows) && Path::new(name).extension().is_none() {
            file_name.push(".exe");
        }
        std::env::split_paths(path)
            .map(|folder| folder.join(&file_name))
            .find(|candidate| is_program(candidate))
    }

    /// Looks in the usual places, the newest version first.
    pub(super) fn in_usual_places(&self, looked_at: &mut Vec<String>) -> Option<PathBuf> {
        for pattern in &self.usual {
            looked_at.push(pattern.display().to_string());
            let mut found = matches(pattern);
            found.sort_by_cached_key(|candidate| version_in(candidate));
            if let Some(newest) = found.pop() {
                return Some(newest);
            }
        }
        None
    }
}

/// Where installers and archives of Blender put it on this platform.
fn usual_places(home: Option<&Path>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = Vec::new();
    if cfg!(windows) {
        for variable in ["ProgramFiles", "ProgramFiles(x86)"] {
            if let Some(folder) = std::env::var_os(variable) {
                let folder = PathBuf::from(folder);
                places.push(
                    folder
                        .join("Blender Foundation")
                        .join("Blender*")
                        .join("blender.exe"),
                );
                places.push(
                    folder
                        .join("Steam")
                        .join("steamapps")
                        .join("common")
                        .join("Blender")
                        .join("blender.exe"),
                );
            }
        }
    } else if cfg!(target_os = "macos") {
        let below = |root: &Path| {
            root.join("Applications")
                .join("Blender*")
                .join("Contents")
                .join("MacOS")
                .join("Blender")
        };
        places.push(below(Path::new("/")));
        places.extend(home.map(below));
    } else {
        places.extend(["/usr/bin/blender", "/usr/local/bin/blender"].map(PathBuf::from));
        let roots = [
            home.map(Path::to_owned),
            home.map(|home| home.join("Applications")),
            Some("/opt".into()),
        ];
        places.extend(
            roots
                .into_iter()
                .flatten()
                .map(|root| root.join("blender*").join("blender")),
        );
        places.push("/snap/bin/blender".into());
        let flatpak = Path::new("flatpak")
            .join("exports")
            .join("bin")
            .join("org.blender.Blender");
        places.push(Path::new("/var/lib").join(&flatpak));
        places.extend(home.map(|home| home.join(".local").join("share").join(&flatpak)));
    }
    places
}

/// The programs that a pattern matches; `*` is at the end of at most one folder's name.
fn matches(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let prefix = part
            .as_os_str()
            .to_str()
            .and_then(|text| text.strip_suffix('*'));
        found = match prefix {
            None => found.into_iter().map(|path| path.join(part)).collect(),
            Some(prefix) => found
                .iter()
                .flat_map(|folder| entries_beginning_with(folder, prefix))
                .collect(),
        };
    }
    found.retain(|path| is_program(path));
    found
}

fn entries_beginning_with(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect()
}

/// The numbers of the folder's name, so that 4.10 comes after 4.2.
fn version_in(path: &Path) -> Vec<u64> {
    let text = path.to_string_lossy();
    text.split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    metadata.is_file() && may_run
}
