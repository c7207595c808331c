// SPDX-License-Identifier: Apache-2.0
//! What is known of the place that a job is put together for.

use std::path::PathBuf;
use std::sync::Arc;

use super::manager::ManagerFacts;
use crate::check::Abilities;
use crate::stage::Site;

/// Where the job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarmKind {
    /// The farm on this computer.
    Local,
    /// A Flamenco Manager.
    Manager,
}

/// What is known of the place that a job is put together for.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Where the job goes.
    pub farm: FarmKind,
    /// How many lanes can run at once; 0 where that is not known.
    pub slots: u32,
    /// Whether the farm has somebody who follows each job to its end: itself, on this computer, or a companion.
    pub is_watched: bool,
    /// Whether whoever sends the job waits for its end.
    pub is_awaited: bool,
    /// What a Manager says of itself, where it was asked.
    pub manager: Option<ManagerFacts>,
    /// The CPU cores of this computer.
    pub cores: u32,
    /// What the Blender that will render can do, where that is known.
    pub abilities: Option<Abilities>,
    /// Whether ffmpeg is there to put films together, where that is known.
    pub ffmpeg: Option<bool>,
    /// Where the farm's workers see what this computer sees; none where they work on this computer.
    pub site: Option<Arc<Site>>,
    /// What relative paths that people type are relative to.
    pub current_dir: PathBuf,
    /// The platform's temporary folder.
    pub temporary_dir: PathBuf,
    /// Who asks.
    pub user_name: Option<String>,
    /// The renderer's source, which travels with the job.
    pub renderer_source: String,
}

impl Environment {
    /// What this process knows of itself; nothing of the farm or its Blender yet.
    pub fn of_process(farm: FarmKind, renderer_source: impl Into<String>) -> Self {
        let cores = std::thread::available_parallelism()
            .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
        Self {
            farm,
            slots: 0,
            is_watched: farm == FarmKind::Local,
            is_awaited: false,
            manager: None,
            cores,
            abilities: None,
            ffmpeg: (farm == FarmKind::Local).then(ffmpeg_is_here),
            site: None,
            current_dir: std::env::current_dir().unwrap_or_default(),
            temporary_dir: std::env::temp_dir(),
            user_name: user_name(),
            renderer_source: renderer_source.into(),
        }
    }

    /// The CPU threads for each lane, 0 for the scene's own setting: on a person's computer a core stays free for the
    /// person where there are more than two.
    pub fn threads_per_lane(&self) -> u32 {
        if self.farm == FarmKind::Manager {
            return 0;
        }
        let slots = self.slots.max(1);
        let for_rendering = if self.cores > 2 {
            self.cores - 1
        } else {
            self.cores
        };
        if slots == 1 && for_rendering == self.cores {
            0
        } else {
            (for_rendering / slots).max(1)
        }
    }
}

/// Whether this computer has ffmpeg, as the renderer looks for it: by `FARMHAND_FFMPEG`, else on `PATH`.
/// Who sends jobs from this computer, as its environment says.
pub fn user_name() -> Option<String> {
    ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
}

fn ffmpeg_is_here() -> bool {
    let named = std::env::var_os("FARMHAND_FFMPEG").filter(|name| !name.is_empty());
    let name = PathBuf::from(named.unwrap_or_else(|| "ffmpeg".into()));
    if name.components().count() > 1 {
        return name.is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| {
        let file = folder.join(&name);
        file.is_file()
            || file
                .with_extension(std::env::consts::EXE_EXTENSION)
                .is_file()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_stays_free_for_the_person_at_the_computer() {
        let with = |farm, slots, cores| {
            Environment {
                slots,
                cores,
                ..Environment::of_process(farm, "")
            }
            .threads_per_lane()
        };
        assert_eq!(
            with(FarmKind::Local, 1, 2),
            0,
            "two cores are too few to give one away"
        );
        assert_eq!(with(FarmKind::Local, 1, 8), 7);
        assert_eq!(with(FarmKind::Local, 2, 8), 3);
        assert_eq!(with(FarmKind::Local, 4, 2), 1);
        assert_eq!(
            with(FarmKind::Manager, 0, 8),
            0,
            "a farm's workers are nobody's desk"
        );
    }
}
