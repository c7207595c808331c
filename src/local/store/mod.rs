// SPDX-License-Identifier: Apache-2.0
//! Jobs and tasks in `SQLite`: the queue that a restart does not lose.
//!
//! Everything here blocks; async code goes through [`Store::run`].

mod backup;
mod changes;
mod jobs;
mod migrations;
mod tasks;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use changes::Outcome;
pub use jobs::JobRow;
pub use tasks::{NewTask, Process, Stage, TASK_TYPE, TaskRow};

/// Why the queue could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database's folder could not be made.
    #[error("cannot make the folder of the job database; check permissions and free space: {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no database, or cannot be opened.
    #[error("cannot open the job database; if it is damaged, move it away and start again: {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
    /// A later Farmhand has written it.
    #[error(
        "the job database has version {found}, this Farmhand knows {known}: use the newer Farmhand again, or move the file away to begin with an empty queue: {}",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that it declares.
        found: usize,
        /// The newest version that this program knows.
        known: usize,
    },
    /// It could not be copied, and nothing changes it before that.
    #[error(
        "cannot copy the job database before it is brought up to date; make room on its disk and start again: {}",
        path.display()
    )]
    BackUp {
        /// The copy.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// `SQLite` refused a statement.
    #[error("the job database refused a change; check free space on its disk")]
    Sql(#[from] rusqlite::Error),
    /// No job has that id.
    #[error("no such job")]
    NoSuchJob,
    /// No task has that id.
    #[error("no such task")]
    NoSuchTask,
    /// The status does not follow from the one that the job or task has.
    #[error("a {what} that is {from} cannot be set to {to}")]
    Transition {
        /// `job` or `task`.
        what: &'static str,
        /// Its status.
        from: String,
        /// The status asked for.
        to: String,
    },
    /// Another live job writes the same files.
    #[error(
        "job {name} ({id}) already writes these frames to {output}: watch or cancel that job, or choose another output folder"
    )]
    SharedOutput {
        /// The other job's name.
        name: String,
        /// The other job's id.
        id: String,
        /// The output pattern of both.
        output: String,
    },
    /// The thread that was to do it has gone.
    #[error("the job database is closing")]
    Closing,
}

/// The open database.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens or makes the database, and brings it to this program's version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let opened = |source| StoreError::Open {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(opened)?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(opened)?;
        // The first statement that reads the file tells whether it is a database at all.
        connection
            .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
            .map_err(opened)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Every statement of this module fits in.
        connection.set_prepared_statement_cache_capacity(64);
        migrations::migrate(&mut connection, path)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Runs `work` on a thread where blocking is allowed.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap_or(Err(StoreError::Closing))
    }

    /// A fact that outlives the process; made by `make` the first time.
    pub fn fact(&self, key: &str, make: impl FnOnce() -> String) -> Result<String, StoreError> {
        let connection = self.lock();
        let found = connection
            .query_row("SELECT value FROM facts WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(value) = found {
            return Ok(value);
        }
        let value = make();
        connection.execute(
            "INSERT INTO facts (key, value) VALUES (?1, ?2)",
            [key, &value],
        )?;
        Ok(value)
    }

    /// A panic while the lock was held leaves no transaction open: it was rolled back when it was dropped.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, as it is written into the database.
fn now() -> String {
    as_text(OffsetDateTime::now_utc())
}

fn as_text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

fn as_moment(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `SQLite`'s integers are signed; counts that do not fit are cut off rather than refused.
fn as_count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn as_number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
