// SPDX-License-Identifier: Apache-2.0
//! A farm's place in the world: where its workers see what this computer sees.

use std::collections::BTreeMap;
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
    /// The workers that could take a task, as far as they were asked.
    pub known_workers: Vec<KnownWorker>,
}

/// A worker, as far as paths go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownWorker {
    /// Its platform.
    pub platform: Platform,
    /// The names of its tags.
    pub tags: Vec<String>,
}

/// The platform that most of the workers have, and the others that there are.
pub fn platforms_of<'a>(
    workers: impl Iterator<Item = &'a KnownWorker>,
) -> (Option<Platform>, Vec<Platform>) {
    let mut counts: BTreeMap<Platform, usize> = BTreeMap::new();
    for worker in workers {
        *counts.entry(worker.platform).or_default() += 1;
    }
    // Of as many each, the first of the list.
    let most = counts
        .iter()
        .max_by_key(|(platform, count)| (**count, std::cmp::Reverse(**platform)))
        .map(|(platform, _)| *platform);
    let others = counts
        .into_keys()
        .filter(|platform| Some(*platform) != most);
    (most, others.collect())
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
    /// The same farm for a job that only workers of that tag may take.
    #[must_use]
    pub fn for_tag(&self, tag: &str) -> Self {
        let has_tag = |worker: &&KnownWorker| worker.tags.iter().any(|name| name == tag);
        let (most, others) = platforms_of(self.known_workers.iter().filter(has_tag));
        Self {
            workers: most.unwrap_or(self.workers),
            others,
            ..self.clone()
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(platform: Platform, tags: &[&str]) -> KnownWorker {
        KnownWorker {
            platform,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    #[test]
    fn a_job_with_a_tag_is_written_for_the_workers_of_that_tag() {
        let known_workers = vec![
            worker(Platform::Linux, &[]),
            worker(Platform::Linux, &["gpu"]),
            worker(Platform::Windows, &["gpu", "desk"]),
        ];
        let (most, others) = platforms_of(known_workers.iter());
        assert_eq!(
            (most, others.as_slice()),
            (Some(Platform::Linux), [Platform::Windows].as_slice())
        );
        let site = Site {
            map: PathMap::new(Vec::new()).unwrap(),
            variables: Variables::default(),
            here: Platform::Linux,
            workers: Platform::Linux,
            others,
            known_workers,
        };
        let desk = site.for_tag("desk");
        assert_eq!((desk.workers, desk.others.len()), (Platform::Windows, 0));
        let gpu = site.for_tag("gpu");
        assert_eq!((gpu.workers, gpu.others.len()), (Platform::Linux, 1));
        let nobody = site.for_tag("nobody");
        assert_eq!((nobody.workers, nobody.others.len()), (Platform::Linux, 0));
    }
}
