// SPDX-License-Identifier: Apache-2.0
//! Processes of lanes as a group: started, slowed down, ended, recognised again.

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::process::Command;

use crate::local::store::Process;

/// How much lanes stand back behind the artist's programs (POSIX: 0 to 19, higher is slower).
#[cfg(unix)]
const NICENESS: i32 = 10;

/// How a group is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It may tidy up.
    Politely,
    /// At once.
    ForGood,
}

/// Makes the command the head of a group of its own, so that all it starts can be ended with it.
pub fn as_group(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(windows)]
    {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
        const BELOW_NORMAL_PRIORITY_CLASS: u32 = 0x0000_4000;
        command.creation_flags(
            CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | BELOW_NORMAL_PRIORITY_CLASS,
        );
    }
}

/// Lets the artist's programs go first; what the process starts from now on inherits it.
#[cfg(unix)]
pub fn stand_back(id: u32) {
    if let Err(error) = rustix::process::setpriority_process(group(id), NICENESS) {
        tracing::debug!(%error, id, "a lane keeps the usual priority");
    }
}

/// On Windows the priority was given when the process was made.
#[cfg(not(unix))]
pub fn stand_back(_id: u32) {}

/// Ends the group of a process; that it may be gone already is no error.
#[cfg(unix)]
pub fn end_group(id: u32, manner: Manner) {
    let signal = match manner {
        Manner::Politely => rustix::process::Signal::TERM,
        Manner::ForGood => rustix::process::Signal::KILL,
    };
    if let Some(group) = group(id) {
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Ends a process and all that it started; that it may be gone already is no error.
#[cfg(not(unix))]
pub fn end_group(id: u32, manner: Manner) {
    let mut command = std::process::Command::new("taskkill");
    command.args(["/T", "/PID", &id.to_string()]);
    if manner == Manner::ForGood {
        command.arg("/F");
    }
    let _ = command.output();
}

#[cfg(unix)]
fn group(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
}

/// The process that has this number now.
pub fn identify(id: u32) -> Option<Process> {
    let pid = Pid::from_u32(id);
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[pid]),
        true,
        ProcessRefreshKind::nothing(),
    );
    system.process(pid).map(|process| Process {
        id,
        started_unix_secs: process.start_time(),
    })
}

/// Ends what an earlier farm left running, if the number still belongs to that process.
pub fn end_left_over(left: Process) {
    // The start is told relative to the computer's own start, whose time may shift a little when the clock is set.
    let is_same = identify(left.id)
        .is_some_and(|now| now.started_unix_secs.abs_diff(left.started_unix_secs) <= 2);
    if is_same {
        tracing::warn!(
            process = left.id,
            "ending a lane that an earlier local farm left running"
        );
        end_group(left.id, Manner::ForGood);
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_process_is_ended_and_its_children_with_it() {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().unwrap();
        let process = identify(child.id()).unwrap();
        end_left_over(Process {
            started_unix_secs: process.started_unix_secs - 60,
            ..process
        });
        assert!(child.try_wait().unwrap().is_none());
        end_left_over(process);
        assert!(!child.wait().unwrap().success());
    }
}
