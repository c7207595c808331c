// SPDX-License-Identifier: Apache-2.0
//! The Blender of this computer: found, and asked what it can do.

mod places;
mod probe;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use places::Search;
pub use probe::{Device, Probe, probe};

/// Why no Blender can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlenderError {
    /// Every place was looked at.
    #[error(
        "No Blender was found. Install it from https://www.blender.org/download/, or set FARMHAND_BLENDER to the blender \
         program, or install the Python package bpy and set FARMHAND_PYTHON to its Python. Looked at: {}",
        list(looked_at)
    )]
    NotFound {
        /// The places, in order.
        looked_at: Vec<String>,
    },
    /// What was named is not there.
    #[error("{variable} names no program; correct it or unset it: {}", path.display())]
    NotThere {
        /// The variable or option that named it.
        variable: &'static str,
        /// What it named.
        path: PathBuf,
    },
    /// It could not be started.
    #[error("Blender cannot be started; check that the program may be run here: {}", path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended or went silent before it said what it can do.
    #[error("Blender did not say what it can do ({reason}); start it by hand to see why: {}", path.display())]
    NoAnswer {
        /// The program.
        path: PathBuf,
        /// How it ended, with its last lines.
        reason: String,
    },
    /// A file in the cache folder could not be written.
    #[error("cannot write a cache file; check permissions and free space: {}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn list(places: &[String]) -> String {
    places.join("; ")
}

/// How a Blender is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlenderKind {
    /// The `blender` program.
    Blender,
    /// A Python that has `bpy` as a module.
    Module,
}

/// A Blender of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blender {
    /// The program to start.
    pub path: PathBuf,
    /// How to run it.
    pub kind: BlenderKind,
}

impl Blender {
    /// The Blender at a path: a Python where the file's name begins with `python`.
    pub fn at(path: PathBuf) -> Self {
        let is_python = path
            .file_name()
            .and_then(OsStr::to_str)
            .is_some_and(|name| name.to_ascii_lowercase().starts_with("python"));
        let kind = if is_python {
            BlenderKind::Module
        } else {
            BlenderKind::Blender
        };
        Self { path, kind }
    }

    /// Finds a Blender: the one that is named, else on PATH, else in the usual places, else a Python that has `bpy`.
    pub fn find(search: &Search) -> Result<Self, BlenderError> {
        if let Some(named) = &search.named {
            let found = search
                .resolve(named)
                .ok_or_else(|| BlenderError::NotThere {
                    variable: "FARMHAND_BLENDER",
                    path: named.clone(),
                })?;
            return Ok(Self::at(found));
        }
        let mut looked_at = Vec::new();
        let on_path = search.on_path(OsStr::new("blender"), &mut looked_at);
        if let Some(path) = on_path.or_else(|| search.in_usual_places(&mut looked_at)) {
            return Ok(Self::at(path));
        }
        if let Some(python) = &search.python {
            looked_at.push(format!("the module bpy of {}", python.display()));
            if has_bpy(python) {
                return Ok(Self {
                    path: python.clone(),
                    kind: BlenderKind::Module,
                });
            }
        }
        Err(BlenderError::NotFound { looked_at })
    }

    /// The arguments that make this Blender run the renderer, as `docs/lanes.md` has them.
    pub fn arguments(&self, renderer: &Path, command: &[OsString]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = match self.kind {
            BlenderKind::Blender => ["-b", "--factory-startup", "--python"]
                .map(OsString::from)
                .to_vec(),
            BlenderKind::Module => Vec::new(),
        };
        arguments.push(renderer.into());
        if self.kind == BlenderKind::Blender {
            arguments.push("--".into());
        }
        arguments.extend_from_slice(command);
        arguments
    }
}

/// Whether a Python has `bpy`; looked for without importing it, which would take seconds.
fn has_bpy(python: &Path) -> bool {
    let script = "import importlib.util, sys; sys.exit(importlib.util.find_spec('bpy') is None)";
    Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_blenders_options_and_a_python_only_the_renderer() {
        let command = [OsString::from("probe")];
        let program = Blender::at("/opt/blender/blender".into());
        assert_eq!(
            program.arguments(Path::new("/r.py"), &command),
            [
                "-b",
                "--factory-startup",
                "--python",
                "/r.py",
                "--",
                "probe"
            ]
        );
        let module = Blender::at("/venv/bin/python3.11".into());
        assert_eq!(
            module.arguments(Path::new("/r.py"), &command),
            ["/r.py", "probe"]
        );
    }

    #[test]
    fn a_blender_that_is_named_and_not_there_is_no_reason_to_look_elsewhere() {
        let search = Search {
            named: Some("/nowhere/blender".into()),
            ..Search::default()
        };
        let error = Blender::find(&search).unwrap_err();
        assert!(error.to_string().contains("/nowhere/blender"), "{error}");
    }

    #[test]
    fn where_there_is_none_every_place_and_the_way_out_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let search = Search {
            path: Some(folder.path().join("bin").into()),
            usual: vec![folder.path().join("opt").join("blender-*").join("blender")],
            python: Some(folder.path().join("python")),
            named: None,
        };
        let text = Blender::find(&search).unwrap_err().to_string();
        for part in [
            "FARMHAND_BLENDER",
            "bin",
            "opt",
            "bpy",
            "blender.org/download",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn of_several_in_a_usual_place_the_newest_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["3.6.5", "4.10.0", "4.2.1"] {
            let home = folder.path().join(format!("blender-{version}-linux-x64"));
            std::fs::create_dir(&home).unwrap();
            std::fs::write(home.join("blender"), "").unwrap();
            let runnable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(home.join("blender"), runnable).unwrap();
        }
        let search = Search {
            usual: vec![folder.path().join("blender-*").join("blender")],
            ..Search::default()
        };
        let found = Blender::find(&search).unwrap();
        assert!(
            found.path.to_string_lossy().contains("4.10.0"),
            "{}",
            found.path.display()
        );
    }
}
