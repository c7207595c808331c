// SPDX-License-Identifier: Apache-2.0
//! A farm's place in the world: where its workers see what this computer sees.

use std::path::Path;

use crate::paths::{Mapped, PathMap, PathsError, Platform, Variables, normal};

/// Where a farm's workers see what this computer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The rules, from this computer's platform and all others to those of the workers.
    pub map: PathMap,
    /// What the Manager replaces by itself.
    pub variables: Variables,
    /// This computer's platform.
    pub here: Platform,
    /// The platform whose paths the job is written in.
    pub workers: Platform,
    /// Other platforms that some of the workers have.
    pub others: Vec<Platform>,
}

/// A path of this computer as workers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerPath {
    /// The path, as the job description has it.
    pub path: String,
    /// The form that the Manager is sent; none where every form would be changed on the way.
    pub sent: Option<String>,
}

impl Site {
    /// The folder's or file's path on workers; none where they don't see it.
    pub fn worker_path(&self, local_path: &str) -> Result<Option<WorkerPath>, PathsError> {
        Ok(self.mapped(local_path)?.map(|mapped| WorkerPath {
            sent: self.variables.sent(&mapped, self.workers, self.workers),
            path: mapped.path,
        }))
    }

    /// Whether workers see a file of this computer.
    pub fn sees(&self, local_path: &Path) -> bool {
        let text = local_path.to_str();
        text.is_some_and(|text| matches!(self.mapped(text), Ok(Some(_))))
    }

    /// The deciding rule and the path, for the platform that the job is written in.
    pub(super) fn mapped(&self, local_path: &str) -> Result<Option<Mapped<'_>>, PathsError> {
        self.map.map(local_path, self.here, self.workers)
    }

    /// An absolute path that is stored in a .blend file, as the platform that the job is written in has it.
    pub(super) fn moved(&self, stored: &str, written_on: Platform) -> Option<String> {
        let mapped = self.map.map(stored, written_on, self.workers).ok()??;
        Some(mapped.path)
    }

    /// Whether an absolute path would need another form on any worker's platform.
    pub(super) fn differs(&self, stored: &str, written_on: Platform) -> bool {
        let Ok(as_it_is) = normal(stored, written_on) else {
            return false;
        };
        self.platforms().any(|platform| {
            let mapped = self.map.map(stored, written_on, platform);
            matches!(mapped, Ok(Some(mapped)) if mapped.path != as_it_is)
        })
    }

    /// The platforms of all workers.
    fn platforms(&self) -> impl Iterator<Item = Platform> {
        std::iter::once(self.workers).chain(self.others.iter().copied())
    }

    /// From one folder to a path, in a form that `//` of Blender leads along on all workers; none where the two do not lie in the
    /// same folder of the farm.
    pub(super) fn relative(&self, folder: &str, path: &str) -> Option<String> {
        for platform in self.platforms() {
            let one = self.map.map(folder, self.here, platform).ok()??;
            let other = self.map.map(path, self.here, platform).ok()??;
            if one.rule != other.rule {
                return None;
            }
        }
        let (folder, path) = (self.mapped(folder).ok()??, self.mapped(path).ok()??);
        let names = |below: &str| -> Vec<String> {
            let names = below.split('/').filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        };
        let (from, to) = (names(&folder.below), names(&path.below));
        let same = from
            .iter()
            .zip(&to)
            .take_while(|(one, other)| one == other)
            .count();
        let up = std::iter::repeat_n("..", from.len() - same).map(str::to_owned);
        let steps: Vec<String> = up.chain(to.into_iter().skip(same)).collect();
        let end = if path.below.ends_with('/') { "/" } else { "" };
        Some(format!("//{}{end}", steps.join("/")))
    }
}
