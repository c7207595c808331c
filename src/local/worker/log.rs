// SPDX-License-Identifier: Apache-2.0
//! A task's log: every line that its lane wrote, with the time.

use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::macros::format_description;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

/// A log that lines are added to. A log that cannot be written is said once, and never stops a render.
#[derive(Debug)]
pub struct TaskLog {
    file: Option<File>,
}

impl TaskLog {
    /// Opens the log behind what earlier runs of the task wrote.
    pub async fn open(path: &Path) -> Self {
        let opened = async {
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder).await?;
            }
            File::options().create(true).append(true).open(path).await
        };
        let file = opened.await;
        if let Err(error) = &file {
            tracing::warn!(%error, path = %path.display(), "the task's log cannot be written");
        }
        Self { file: file.ok() }
    }

    /// Adds one line.
    pub async fn add(&mut self, line: &str) {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        let moment = OffsetDateTime::now_utc()
            .format(&format)
            .unwrap_or_default();
        if let Some(file) = &mut self.file {
            let written = file
                .write_all(format!("{moment} {line}\n").as_bytes())
                .await;
            if let Err(error) = written {
                tracing::warn!(%error, "the task's log ends here");
                self.file = None;
            }
        }
    }

    /// Hands over what is still buffered.
    pub async fn flush(&mut self) {
        if let Some(file) = &mut self.file {
            let _ = file.flush().await;
        }
    }
}

/// The last whole lines of a log, at most `limit_bytes` of them; `None` where there is no log.
pub fn tail(path: &Path, limit_bytes: u64) -> io::Result<Option<String>> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    let start = size.saturating_sub(limit_bytes);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(limit_bytes).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if start == 0 {
        &*text
    } else {
        text.split_once('\n').map_or("", |(_, rest)| rest)
    };
    Ok(Some(whole.to_owned()))
}

/// Where the log of a task lies.
pub fn path(logs_dir: &Path, job_id: &str, task_id: &str) -> PathBuf {
    logs_dir.join(job_id).join(format!("task-{task_id}.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_begins_with_a_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        assert_eq!(tail(&path, 10).unwrap(), None);
        std::fs::write(&path, "first line\nsecond\nthird\n").unwrap();
        assert_eq!(tail(&path, 16).unwrap().unwrap(), "second\nthird\n");
        assert_eq!(
            tail(&path, 999).unwrap().unwrap(),
            "first line\nsecond\nthird\n"
        );
    }
}
