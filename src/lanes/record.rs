// SPDX-License-Identifier: Apache-2.0
//! The frame record and the failed file: how a frame ended.

use serde::{Deserialize, Serialize};

/// The format of records and failed files that this version writes and reads.
pub const RECORD_FORMAT: u32 = 1;

/// One file that a frame wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Where the worker put it, absolute.
    pub path: String,
    /// Its size when it was finished.
    pub size_bytes: u64,
}

/// A frame is rendered (`frames/<frame>.json`). Its outputs were in place before this file was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameRecord {
    /// [`RECORD_FORMAT`].
    pub format: u32,
    /// The frame.
    pub frame: i32,
    /// The lane that rendered it.
    pub lane: u32,
    /// The run of that lane.
    pub run: String,
    /// `host:pid` of the supervisor.
    pub worker: String,
    /// The `retry` of the claim it was rendered under.
    #[serde(default)]
    pub retry: u32,
    /// Time for the frame without loading the scene.
    pub seconds: f64,
    /// Time to load the scene; 0 except on the first frame after a load.
    #[serde(default)]
    pub load_secs: f64,
    /// When the frame began, in seconds since 1970.
    #[serde(default)]
    pub started_unix_secs: f64,
    /// The device that really rendered (`CPU`, `OPTIX`, …).
    #[serde(default)]
    pub device: String,
    /// The names of the devices of that kind.
    #[serde(default)]
    pub device_names: Vec<String>,
    /// Samples per pixel, where the engine has them.
    #[serde(default)]
    pub samples: Option<u32>,
    /// The most memory that the child had used, where known.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// The Blender that rendered.
    #[serde(default)]
    pub blender_version: String,
    /// Every file that the frame wrote.
    pub outputs: Vec<Output>,
}

impl FrameRecord {
    /// Reads a record; `None` where it is cut short, no record or of a later format.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|record: &Self| record.format == RECORD_FORMAT)
    }
}

/// Why a frame could not be rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailReason {
    /// Blender ended by itself.
    Crash,
    /// Blender was silent for too long.
    Stall,
    /// Memory ran out: the computer's or a GPU's.
    Memory,
    /// Blender was ended from outside, and not for want of memory.
    Killed,
    /// A file that the frame needs is not there.
    Missing,
    /// An output was not written, not whole, or not to be put in its place.
    Output,
    /// Too many runs died while they held the frame.
    Lost,
    /// Blender said that it could not render the frame; so reads a word from a later version.
    #[serde(other)]
    Error,
}

impl FailReason {
    /// The word that files and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Stall => "stall",
            Self::Memory => "memory",
            Self::Killed => "killed",
            Self::Missing => "missing",
            Self::Output => "output",
            Self::Lost => "lost",
            Self::Error => "error",
        }
    }
}

/// A frame could not be rendered (`frames/<frame>.failed.json`).
///
/// It counts only where its `retry` is at least that of the claim, and an ok record always outranks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedFrame {
    /// [`RECORD_FORMAT`].
    pub format: u32,
    /// The frame.
    pub frame: i32,
    /// The lane that gave it up.
    pub lane: u32,
    /// The run of that lane.
    pub run: String,
    /// `host:pid` of the supervisor.
    pub worker: String,
    /// The `retry` of the claim it was tried under.
    pub retry: u32,
    /// Why.
    pub reason: FailReason,
    /// Why, in a sentence for people.
    pub message: String,
    /// The last lines that Blender printed.
    #[serde(default)]
    pub log_tail: Vec<String>,
    /// The file that keeps all that a Blender which died on the frame said, as the worker's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_log: Option<String>,
}

impl FailedFrame {
    /// Reads a failed file; `None` where it is cut short, no failed file or of a later format.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|failed: &Self| failed.format == RECORD_FORMAT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"format": 1, "frame": 12, "lane": 0, "run": "aa", "worker": "host:1", "retry": 0,
        "seconds": 1.25, "load_secs": 0.8, "started_unix_secs": 1790000000.0, "device": "CPU", "device_names": ["x"],
        "samples": 16, "peak_memory_bytes": 123, "blender_version": "3.4.1",
        "outputs": [{"path": "/absolute/worker/path_0012.png", "size_bytes": 123}]}"#;

    #[test]
    fn a_record_is_read_as_the_contract_shows_it() {
        let record = FrameRecord::parse(RECORD.as_bytes()).expect("readable");
        assert_eq!(record.frame, 12);
        assert_eq!(record.samples, Some(16));
        assert_eq!(
            record.outputs,
            [Output {
                path: "/absolute/worker/path_0012.png".into(),
                size_bytes: 123
            }]
        );
        let again = serde_json::to_vec(&record).expect("writable");
        assert_eq!(FrameRecord::parse(&again), Some(record));
    }

    #[test]
    fn a_record_of_a_later_format_counts_as_none() {
        assert_eq!(
            FrameRecord::parse(RECORD.replace("\"format\": 1", "\"format\": 2").as_bytes()),
            None
        );
        assert_eq!(
            FrameRecord::parse(RECORD.get(..90).expect("long enough").as_bytes()),
            None
        );
    }

    #[test]
    fn a_failed_file_is_read_as_the_contract_shows_it() {
        let failed = FailedFrame::parse(
            br#"{"format": 1, "frame": 12, "lane": 0, "run": "aa", "worker": "host:1", "retry": 0, "reason": "crash",
            "message": "Blender ended with signal 11 while rendering frame 12", "log_tail": ["x"],
            "crash_log": "/absolute/worker/state/frames/000012.crash.txt"}"#,
        )
        .expect("readable");
        assert_eq!(failed.reason, FailReason::Crash);
        assert!(
            failed
                .crash_log
                .is_some_and(|path| path.ends_with("000012.crash.txt"))
        );
    }

    #[test]
    fn a_failed_file_with_a_reason_of_a_later_version_still_counts() {
        let failed = FailedFrame::parse(
            br#"{"format": 1, "frame": 12, "lane": 0, "run": "aa", "worker": "host:1", "retry": 0, "reason": "meteor",
            "message": "a stone fell on the worker"}"#,
        );
        assert_eq!(failed.map(|failed| failed.reason), Some(FailReason::Error));
    }

    #[test]
    fn the_word_of_each_reason_is_the_one_in_the_file() {
        use FailReason::{Crash, Error, Killed, Lost, Memory, Missing, Output, Stall};
        for reason in [Crash, Stall, Memory, Killed, Missing, Output, Lost, Error] {
            assert_eq!(
                serde_json::to_value(reason).expect("writable"),
                reason.as_str()
            );
        }
    }
}
