// SPDX-License-Identifier: Apache-2.0
//! Who is which worker: identities are lent, so that a Manager's list of workers never outgrows the largest farm there was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::error::CompanionError;
use crate::lanes::files::{FARMHAND_DIR, replace_file};

/// The format of the list that this version writes and reads.
const FORMAT: u32 = 1;
/// Where a Flamenco Worker keeps who it is, in its home.
const CREDENTIALS: &str = "flamenco-worker-credentials.yaml";

/// Who has which identity.
#[derive(Debug)]
pub struct Identities {
    folder: PathBuf,
    /// By number, from 1.
    lent: BTreeMap<u32, Option<Lease>>,
}

/// One identity in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Who has it.
    pub pod: String,
    /// Since when, in seconds since 1970.
    pub since_unix_secs: f64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    identities: BTreeMap<u32, Option<Lease>>,
}

impl Identities {
    /// The list below a share; empty where there is none yet.
    pub fn open(share: &Path) -> Result<Self, CompanionError> {
        let folder = share.join(FARMHAND_DIR).join("identities");
        std::fs::create_dir_all(&folder).map_err(CompanionError::file(&folder))?;
        let path = list_path(&folder);
        let lent = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(CompanionError::file(path)(error)),
            Ok(bytes) => {
                let bad = |reason: String| CompanionError::Leases { reason, path };
                let stored: Stored = match serde_json::from_slice(&bytes) {
                    Ok(stored) => stored,
                    Err(error) => return Err(bad(error.to_string())),
                };
                if stored.format != FORMAT {
                    return Err(bad(format!(
                        "its format is {}, not {FORMAT}",
                        stored.format
                    )));
                }
                stored.identities
            }
        };
        Ok(Self { folder, lent })
    }

    /// The number that a pod has.
    pub fn of_pod(&self, pod: &str) -> Option<u32> {
        self.leases()
            .find_map(|(number, lease)| (lease.pod == pod).then_some(number))
    }

    /// Lends a pod the lowest free identity, a new one where none is free, and the same again that it has.
    pub fn lend(&mut self, pod: &str) -> Result<u32, CompanionError> {
        let free = || {
            let lent = &self.lent;
            (1..=u32::MAX).find(|number| !matches!(lent.get(number), Some(Some(_))))
        };
        let number = self.of_pod(pod).or_else(free).unwrap_or(u32::MAX);
        let home = self.home(number);
        std::fs::create_dir_all(&home).map_err(CompanionError::file(&home))?;
        only_for_its_owner(&home)?;
        let lease = Lease {
            pod: pod.to_owned(),
            since_unix_secs: unix_secs(),
        };
        let before = self.lent.insert(number, Some(lease));
        if let Err(error) = self.store() {
            self.lent.insert(number, before.flatten());
            return Err(error);
        }
        Ok(number)
    }

    /// Takes the identity of a pod back; says whether it had one.
    pub fn take_back(&mut self, pod: &str) -> Result<bool, CompanionError> {
        let Some(number) = self.of_pod(pod) else {
            return Ok(false);
        };
        let before = self.lent.insert(number, None);
        if let Err(error) = self.store() {
            self.lent.insert(number, before.flatten());
            return Err(error);
        }
        Ok(true)
    }

    /// Those that are in use.
    pub fn leases(&self) -> impl Iterator<Item = (u32, &Lease)> {
        self.lent
            .iter()
            .filter_map(|(number, lease)| Some((*number, lease.as_ref()?)))
    }

    /// How many there are, in use or not.
    pub fn count(&self) -> usize {
        self.lent.len()
    }

    /// The home of an identity: what `FLAMENCO_HOME` has to name.
    pub fn home(&self, number: u32) -> PathBuf {
        self.folder.join(name(number))
    }

    /// The Manager's id of the worker with that identity; none before its first run. Blocks while it reads.
    pub fn worker_id(&self, number: u32) -> Option<String> {
        worker_id_in(&self.home(number))
    }

    fn store(&self) -> Result<(), CompanionError> {
        let path = list_path(&self.folder);
        let stored = Stored {
            format: FORMAT,
            identities: self.lent.clone(),
        };
        let text = serde_json::to_vec(&stored)
            .map_err(|error| CompanionError::file(&path)(std::io::Error::other(error)))?;
        replace_file(&path, "companion", &text)
            .map_err(|error| CompanionError::file(&path)(std::io::Error::other(error)))
    }
}

/// The name of an identity.
pub fn name(number: u32) -> String {
    format!("worker-{number:03}")
}

/// The Manager's id of the worker whose home that is.
pub fn worker_id_in(home: &Path) -> Option<String> {
    let text = std::fs::read_to_string(credentials_path(home)).ok()?;
    let id = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("worker_id:"))?
        .trim()
        .trim_matches(['"', '\''])
        .to_owned();
    (!id.is_empty()).then_some(id)
}

/// The file by which a worker shows who it is.
pub fn credentials_path(home: &Path) -> PathBuf {
    home.join(CREDENTIALS)
}

/// Whether that may be a pod's name (RFC 1123).
pub fn is_pod_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (1..=253).contains(&name.len()) && name.chars().all(is_plain)
}

/// Now.
pub fn unix_secs() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

fn list_path(folder: &Path) -> PathBuf {
    folder.join("leases.json")
}

/// A worker's secret lies in its home.
fn only_for_its_owner(home: &Path) -> Result<(), CompanionError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(home, private).map_err(CompanionError::file(home))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_lowest_free_identity_is_lent_and_the_same_again_to_the_same_pod() {
        let share = tempfile::tempdir().unwrap();
        let mut identities = Identities::open(share.path()).unwrap();
        let lent: Vec<u32> = ["a", "b", "c", "b"]
            .iter()
            .map(|pod| identities.lend(pod).unwrap())
            .collect();
        assert_eq!(lent, [1, 2, 3, 2]);
        assert!(identities.take_back("b").unwrap());
        assert!(!identities.take_back("b").unwrap());
        assert_eq!(identities.lend("d").unwrap(), 2);
        assert_eq!(identities.lend("e").unwrap(), 4);
    }

    #[test]
    fn what_was_lent_is_known_after_a_restart() {
        let share = tempfile::tempdir().unwrap();
        let mut identities = Identities::open(share.path()).unwrap();
        for pod in ["a", "b"] {
            identities.lend(pod).unwrap();
        }
        identities.take_back("a").unwrap();
        let again = Identities::open(share.path()).unwrap();
        assert_eq!(again.of_pod("b"), Some(2));
        assert_eq!(again.of_pod("a"), None);
        assert_eq!(again.count(), 2);
    }

    #[test]
    fn a_damaged_list_is_an_error_and_no_empty_list() {
        let share = tempfile::tempdir().unwrap();
        let identities = Identities::open(share.path()).unwrap();
        std::fs::write(list_path(&identities.folder), "{\"for").unwrap();
        let error = Identities::open(share.path()).unwrap_err();
        assert!(error.to_string().contains("leases.json"), "{error}");
    }

    #[test]
    fn a_worker_is_known_by_its_credentials() {
        let share = tempfile::tempdir().unwrap();
        let mut identities = Identities::open(share.path()).unwrap();
        let number = identities.lend("a").unwrap();
        assert_eq!(identities.worker_id(number), None);
        let text = "# who this worker is\nworker_id: 7a1f2f5e-0000-4000-8000-000000000001\nworker_secret: abc\n";
        std::fs::write(credentials_path(&identities.home(number)), text).unwrap();
        assert_eq!(
            identities.worker_id(number).as_deref(),
            Some("7a1f2f5e-0000-4000-8000-000000000001")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn there_are_never_more_identities_than_pods_there_were_at_once(
            steps in proptest::collection::vec((any::<bool>(), 0_u8..12), 1..60),
        ) {
            let share = tempfile::tempdir().unwrap();
            let mut identities = Identities::open(share.path()).unwrap();
            let (mut there, mut most) = (std::collections::BTreeSet::new(), 0);
            for (comes, pod) in steps {
                let name = format!("pod-{pod}");
                if comes {
                    identities.lend(&name).unwrap();
                    there.insert(pod);
                } else {
                    identities.take_back(&name).unwrap();
                    there.remove(&pod);
                }
                most = most.max(there.len());
                prop_assert_eq!(identities.leases().count(), there.len());
                prop_assert!(identities.count() <= most);
            }
        }
    }
}
