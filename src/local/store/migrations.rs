// SPDX-License-Identifier: Apache-2.0
//! The database's schema, one step per version.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, backup};

/// Each entry leads from the version that is its index to the next; entries never change once released.
pub(super) const MIGRATIONS: [&str; 2] = ["
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
", "
    ALTER TABLE tasks ADD COLUMN stage INTEGER NOT NULL DEFAULT 1;
    UPDATE tasks SET stage = 2 WHERE lane = 'last';
    ALTER TABLE jobs ADD COLUMN output TEXT;
    UPDATE jobs SET output = json_extract(metadata, '$.\"farmhand.output\"') WHERE json_valid(metadata);
    CREATE INDEX jobs_by_output ON jobs (output);
    CREATE INDEX jobs_by_update ON jobs (updated);
    CREATE INDEX jobs_by_last_output ON jobs (last_output_at);
    CREATE INDEX jobs_in_turn ON jobs (priority DESC, number) WHERE status IN ('queued', 'active', 'requeueing');
    CREATE INDEX tasks_by_update ON tasks (updated);
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
        backup::back_up(connection, path, found)?;
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
