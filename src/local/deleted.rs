// SPDX-License-Identifier: Apache-2.0
//! What a deleted job leaves on the disk: its own folders go, its frames stay.

use std::path::Path;

use super::store::JobRow;
use crate::lanes::Leftovers;

/// Removes the folders of a deleted job that nobody renders any more. `left` are the jobs that are still there: what one of
/// them needs stays. What cannot be removed is logged.
pub fn remove_files(row: &JobRow, left: &[JobRow]) {
    let submission_id = row.setting("submission_id");
    let leftovers = Leftovers {
        storage: Path::new(row.setting("storage")),
        submission_id,
        job_id: &row.job.id,
        is_shared: left
            .iter()
            .any(|other| other.setting("submission_id") == submission_id),
        kept: &["output", "blendfile"].map(|key| Path::new(row.setting(key))),
    };
    for (folder, error) in leftovers.remove() {
        tracing::warn!(%error, path = %folder.display(), "a folder of a deleted job is left");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::farm::models::Job;
    use crate::lanes::files::{FARMHAND_DIR, staging_dir};
    use crate::local::state::job_state_dir;
    use crate::local::store::Store;

    const SUBMISSION: &str = "0123456789abcdef0123456789abcdef";

    /// A job whose folders are there, and a frame beside them.
    fn bed() -> (tempfile::TempDir, JobRow, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::new_v4().to_string(), "name": "shot", "type": "farmhand-render", "priority": 50,
            "status": "queued", "activity": "", "submitter_platform": "", "steps_completed": 0, "steps_total": 1,
            "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z", "metadata": {},
            "settings": {"storage": folder.path(), "submission_id": SUBMISSION, "output": folder.path().join("a_####")},
        }))
        .unwrap();
        let store = Store::open(&folder.path().join("queue.sqlite")).unwrap();
        let row = store.add_job(&job, &[]).unwrap();
        fs::create_dir_all(job_state_dir(&row).join("frames")).unwrap();
        fs::create_dir_all(staging_dir(folder.path(), SUBMISSION)).unwrap();
        let frame = folder.path().join("a_0001.png");
        fs::write(&frame, "").unwrap();
        (folder, row, frame)
    }

    #[test]
    fn a_deleted_jobs_folders_go_and_its_frames_stay() {
        let (folder, row, frame) = bed();
        remove_files(&row, &[]);
        assert!(!folder.path().join(FARMHAND_DIR).exists());
        assert!(frame.exists());
    }

    #[test]
    fn what_another_job_needs_stays() {
        let (folder, row, _) = bed();
        let other_dir = folder.path().join(FARMHAND_DIR).join("other");
        fs::create_dir(&other_dir).unwrap();
        remove_files(&row, std::slice::from_ref(&row));
        assert!(!job_state_dir(&row).exists());
        assert!(staging_dir(folder.path(), SUBMISSION).exists());
        assert!(other_dir.exists());
    }

    #[test]
    fn a_name_that_leads_elsewhere_removes_nothing() {
        let (folder, mut row, frame) = bed();
        for id in ["..", "", "../../0123456789abcdef0123456789ab"] {
            row.job
                .settings
                .insert("submission_id".to_owned(), id.into());
            remove_files(&row, &[]);
        }
        assert!(staging_dir(folder.path(), SUBMISSION).exists() && frame.exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (folder, row, _) = bed();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("precious"), "").unwrap();
        let state_dir = job_state_dir(&row);
        fs::remove_dir_all(&state_dir).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &state_dir).unwrap();
        remove_files(&row, &[]);
        assert!(elsewhere.path().join("precious").exists());
        assert!(!staging_dir(folder.path(), SUBMISSION).exists());
    }
}
