// SPDX-License-Identifier: Apache-2.0
//! One run of a lane: its process, what it says, its end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::log::TaskLog;
use super::process::{self, Manner};
use crate::local::store::Process;

/// How long a lane may take to end itself after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How long the output of an ended lane may still be held open by what it left behind.
const DRAIN: Duration = Duration::from_secs(2);
/// How the renderer begins the line that says why a lane failed.
const ERROR_MARK: &str = "farmhand: error: ";

/// What to run.
#[derive(Clone, Debug)]
pub struct LaneCommand {
    /// The Blender, or the Python that has `bpy`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// What a lane tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Its process has started.
    Started(Process),
    /// A picture is in its place (worker's path).
    Saved(String),
    /// A frame is done.
    FrameDone,
}

/// How a lane ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With success.
    Success,
    /// With failure, and why.
    Failure(String),
    /// Because it was asked to.
    Stopped,
}

/// Runs a lane to its end, or until it is asked to stop; nothing of it is left running then.
pub async fn run(
    command: &LaneCommand,
    log_path: &Path,
    stop: &CancellationToken,
    news: mpsc::Sender<News>,
) -> Ended {
    let mut log = TaskLog::open(log_path).await;
    let mut child = match spawn(command) {
        Ok(child) => child,
        Err(error) => {
            let message = format!("{} cannot be started: {error}", command.program.display());
            log.add(&message).await;
            log.flush().await;
            return Ended::Failure(message);
        }
    };
    let id = child.id().unwrap_or_default();
    process::stand_back(id);
    let shown: Vec<_> = command
        .arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    log.add(&format!(
        "Started process {id}: {} {}",
        command.program.display(),
        shown.join(" ")
    ))
    .await;
    if let Some(started) = process::identify(id) {
        tell(&news, News::Started(started)).await;
    }
    let mut lines = lines_of(&mut child);
    let mut reason = String::new();
    let mut stopped = false;
    let status = loop {
        tokio::select! {
            Some(line) = lines.recv() => take(&line, &mut log, &mut reason, &news).await,
            status = child.wait() => break status,
            () = stop.cancelled(), if !stopped => {
                stopped = true;
                end(&mut child, id).await;
            }
        }
    };
    // Whatever it started dies with it, and lets go of its output.
    process::end_group(id, Manner::ForGood);
    let rest = async {
        while let Some(line) = lines.recv().await {
            take(&line, &mut log, &mut reason, &news).await;
        }
    };
    let _ = tokio::time::timeout(DRAIN, rest).await;
    let ended = match status {
        _ if stopped => Ended::Stopped,
        Ok(status) if status.success() => Ended::Success,
        Ok(status) if reason.is_empty() => {
            Ended::Failure(format!("the lane ended with {status}; its log says why"))
        }
        Ok(_) => Ended::Failure(reason),
        Err(error) => Ended::Failure(format!("the lane's end could not be awaited: {error}")),
    };
    log.add(&format!("Ended: {ended:?}")).await;
    log.flush().await;
    ended
}

fn spawn(command: &LaneCommand) -> std::io::Result<Child> {
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        // A wrapper around Blender (snap, flatpak) is the supervisor's parent; this names the one that counts.
        .env("FARMHAND_PARENT_PID", std::process::id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    process::as_group(&mut process);
    process.spawn()
}

/// Asks the group to end, then ends it.
async fn end(child: &mut Child, id: u32) {
    process::end_group(id, Manner::Politely);
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        process::end_group(id, Manner::ForGood);
    }
}

/// Both outputs of the process, line by line, as they come.
fn lines_of(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(256);
    if let Some(output) = child.stdout.take() {
        tokio::spawn(send_lines(output, sender.clone()));
    }
    if let Some(output) = child.stderr.take() {
        tokio::spawn(send_lines(output, sender));
    }
    receiver
}

async fn send_lines(output: impl AsyncRead + Unpin, sender: mpsc::Sender<String>) {
    let mut reader = BufReader::new(output);
    let mut bytes = Vec::new();
    // Read as bytes: what Blender prints need not be UTF-8.
    while reader
        .read_until(b'\n', &mut bytes)
        .await
        .is_ok_and(|read| read > 0)
    {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        if sender.send(line).await.is_err() {
            break;
        }
    }
}

/// A listener that has gone misses nothing that matters: all is in the log.
async fn tell(news: &mpsc::Sender<News>, what: News) {
    let _ = news.send(what).await;
}

async fn take(line: &str, log: &mut TaskLog, reason: &mut String, news: &mpsc::Sender<News>) {
    log.add(line).await;
    if let Some(path) = line
        .strip_prefix("Saved: '")
        .and_then(|rest| rest.strip_suffix('\''))
    {
        tell(news, News::Saved(path.to_owned())).await;
    } else if line.starts_with("Time: ") {
        log.flush().await;
        tell(news, News::FrameDone).await;
    } else if let Some(error) = line.strip_prefix(ERROR_MARK) {
        error.clone_into(reason);
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> LaneCommand {
        LaneCommand {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
        }
    }

    async fn outcome(script: &str, stop: &CancellationToken) -> (Ended, Vec<News>, String) {
        let folder = tempfile::tempdir().unwrap();
        let log_path = folder.path().join("logs").join("task.txt");
        let (sender, mut receiver) = mpsc::channel(8);
        let listen = async {
            let mut heard = Vec::new();
            while let Some(news) = receiver.recv().await {
                if news == News::FrameDone {
                    stop.cancel();
                }
                heard.push(news);
            }
            heard
        };
        let command = shell(script);
        let (ended, heard) = tokio::join!(run(&command, &log_path, stop, sender), listen);
        (ended, heard, std::fs::read_to_string(log_path).unwrap())
    }

    #[tokio::test]
    async fn saved_pictures_are_told_and_every_line_is_logged() {
        let stop = CancellationToken::new();
        let (ended, heard, log) =
            outcome("echo \"Saved: '/a/b.png'\"; echo ' Time: x' >&2", &stop).await;
        assert_eq!(ended, Ended::Success);
        assert!(heard.contains(&News::Saved("/a/b.png".to_owned())));
        assert!(!heard.contains(&News::FrameDone));
        assert!(
            log.contains("Z Saved: '/a/b.png'\n") && log.contains("Z  Time: x\n"),
            "{log}"
        );
    }

    #[tokio::test]
    async fn the_renderers_own_reason_is_the_failures_message() {
        let stop = CancellationToken::new();
        let (ended, _, _) = outcome("echo 'farmhand: error: no camera'; exit 1", &stop).await;
        assert_eq!(ended, Ended::Failure("no camera".to_owned()));
    }

    #[tokio::test]
    async fn stopping_ends_all_that_the_lane_started() {
        let stop = CancellationToken::new();
        let script = "sh -c 'trap : TERM; while :; do sleep 60; done' & echo \"Saved: '$!'\"; echo 'Time: 1'; wait";
        let (ended, heard, _) = outcome(script, &stop).await;
        assert_eq!(ended, Ended::Stopped);
        let child = heard.iter().find_map(|news| match news {
            News::Saved(id) => id.parse::<u32>().ok(),
            _ => None,
        });
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while process::identify(child.unwrap()).is_some() {
            assert!(
                std::time::Instant::now() < deadline,
                "the lane's child is still there"
            );
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let command = LaneCommand {
            program: "/nowhere/blender".into(),
            arguments: Vec::new(),
        };
        let ended = run(
            &command,
            &folder.path().join("log"),
            &CancellationToken::new(),
            mpsc::channel(8).0,
        )
        .await;
        assert!(matches!(ended, Ended::Failure(message) if message.contains("/nowhere/blender")));
    }
}
