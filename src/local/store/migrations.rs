// SPDX-License-Identifier: Apache-2.0
//! The database's schema, one step per version.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// Each entry leads from the version that is its index to the next; entries never change once released.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        job_type TEXT NOT NULL,
        priority INTEGER NOT NULL,
        status TEXT NOT NULL,
        activity TEXT NOT NULL,
        settings TEXT NOT NULL,
        metadata TEXT NOT NULL,
        frames_done INTEGER NOT NULL DEFAULT 0,
        frames_total INTEGER NOT NULL,
        last_output TEXT,
        last_output_at TEXT,
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    ) STRICT;
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        index_in_job INTEGER NOT NULL,
        name TEXT NOT NULL,
        lane TEXT NOT NULL,
        status TEXT NOT NULL,
        activity TEXT NOT NULL,
        steps_done INTEGER NOT NULL DEFAULT 0,
        steps_total INTEGER NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0,
        slot INTEGER,
        process_id INTEGER,
        process_started INTEGER,
        last_touched TEXT,
        created TEXT NOT NULL,
        updated TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tasks_of_job ON tasks (job_id, index_in_job);
    CREATE INDEX tasks_by_status ON tasks (status);
"];

/// Brings the database to this program's version, after a copy of an older one was put beside it.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let declared: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len();
    // A negative version is nobody's: it counts as newer than all that is known.
    let found = usize::try_from(declared).unwrap_or(usize::MAX);
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        let backup_path = path.with_extension(format!("version-{found}.backup"));
        connection.backup("main", &backup_path, None::<fn(rusqlite::backup::Progress)>)?;
    }
    let transaction = connection.transaction()?;
    for statement in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(statement)?;
    }
    transaction.pragma_update(
        None,
        "user_version",
        i64::try_from(known).unwrap_or(i64::MAX),
    )?;
    transaction.commit()?;
    Ok(())
}
