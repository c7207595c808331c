// SPDX-License-Identifier: Apache-2.0
//! What a Blender can do: asked once, then remembered until its file changes.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Blender, BlenderError, BlenderKind};

/// A Blender that has shown nothing after this long never will.
const TIMEOUT: Duration = Duration::from_mins(3);
/// What the renderer's answer begins with (`docs/lanes.md`).
const MARK: &str = "FARMHAND-PROBE ";

/// A device that a Blender can render with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `CPU`, `OPTIX`, `CUDA`, `HIP`, `ONEAPI` or `METAL`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The device's own name.
    pub name: String,
}

/// What a Blender can do, as the renderer's `probe` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Like `3.4.1`.
    pub blender_version: String,
    /// Like `3.11.2`.
    pub python_version: String,
    /// Whether it ran without a window.
    pub background: bool,
    /// Render engines, by Blender's own names.
    pub engines: Vec<String>,
    /// Denoisers of Cycles, by Blender's own names.
    pub denoisers: Vec<String>,
    /// Devices, the CPU included.
    pub devices: Vec<Device>,
    /// Whether it can write films.
    pub movie_formats: bool,
    /// How it is run.
    pub kind: BlenderKind,
}

/// Asks a Blender what it can do. A program is asked once per version of itself and of the renderer.
pub fn probe(blender: &Blender, renderer: &Path, cache_dir: &Path) -> Result<Probe, BlenderError> {
    let remembered = cache_path(blender, renderer, cache_dir);
    if let Some(known) = remembered.as_deref().and_then(read) {
        return Ok(known);
    }
    let probe = ask(blender, renderer)?;
    if let Some(path) = remembered {
        write(&path, &probe)?;
    }
    Ok(probe)
}

/// Where the answer is remembered; `None` for a module, whose Python does not change when `bpy` does.
fn cache_path(blender: &Blender, renderer: &Path, cache_dir: &Path) -> Option<PathBuf> {
    if blender.kind == BlenderKind::Module {
        return None;
    }
    let metadata = blender.path.metadata().ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let mut hash = Sha256::new();
    hash.update(blender.path.as_os_str().as_encoded_bytes());
    hash.update(metadata.len().to_le_bytes());
    hash.update(modified.as_nanos().to_le_bytes());
    hash.update(std::fs::read(renderer).ok()?);
    let name = hex(&hash.finalize());
    Some(cache_dir.join("probes").join(name).with_extension("json"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read(path: &Path) -> Option<Probe> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn write(path: &Path, probe: &Probe) -> Result<(), BlenderError> {
    let text = serde_json::to_vec(probe).unwrap_or_default();
    let written = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, text));
    written.map_err(|source| BlenderError::Cache {
        path: path.to_owned(),
        source,
    })
}

fn ask(blender: &Blender, renderer: &Path) -> Result<Probe, BlenderError> {
    let mut child = Command::new(&blender.path)
        .args(blender.arguments(renderer, &["probe".into()]))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| BlenderError::Start {
            path: blender.path.clone(),
            source,
        })?;
    let (sender, receiver) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    let deadline = Instant::now() + TIMEOUT;
    let mut last_lines = Vec::new();
    let answer = loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if let Some(json) = line.strip_prefix(MARK) {
                    break serde_json::from_str(json).map_err(|error| error.to_string());
                }
                last_lines.push(line);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                break Err(format!("nothing after {} s", TIMEOUT.as_secs()));
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let shown = last_lines.len().saturating_sub(5);
                break Err(last_lines.get(shown..).unwrap_or_default().join(" | "));
            }
        }
    };
    // It has answered or never will; that it may have ended by itself is no error.
    let _ = child.kill();
    let _ = child.wait();
    answer.map_err(|reason| BlenderError::NoAnswer {
        path: blender.path.clone(),
        reason,
    })
}
