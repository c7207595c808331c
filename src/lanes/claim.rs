// SPDX-License-Identifier: Apache-2.0
//! The claim: who may render a frame.

use serde::{Deserialize, Serialize};

/// Who may render a frame, and how often that went wrong (`frames/<frame>.claim`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The lane that holds the frame; the last lane's number is the number of lanes.
    pub lane: u32,
    /// The run that wrote the claim, 32 hexadecimal digits; new each time a lane's supervisor starts.
    pub run: String,
    /// `host:pid` of the supervisor.
    pub worker: String,
    /// How often the child failed on this frame while its supervisor lived on.
    pub fails: u32,
    /// How often a run found this claim left behind by another run and took it over.
    pub lost: u32,
    /// How often people asked for this frame again after it had failed.
    pub retry: u32,
}

impl Claim {
    /// Reads a claim; `None` where it is empty, cut short, no JSON or lacks a key.
    ///
    /// A claim is empty between its creation and its first write, and stays so where its maker died in between:
    /// the rules have their own answer to that, so it is no error.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_as_the_renderer_writes_it() {
        let claim = Claim::parse(
            br#"{"lane": 1, "run": "0a", "worker": "host:7", "fails": 2, "lost": 1, "retry": 0}"#,
        );
        let expected = Claim {
            lane: 1,
            run: "0a".into(),
            worker: "host:7".into(),
            fails: 2,
            lost: 1,
            retry: 0,
        };
        assert_eq!(claim, Some(expected));
    }

    #[test]
    fn a_claim_that_is_empty_cut_short_or_lacks_a_key_is_unreadable() {
        for bytes in [
            "",
            "{\"lane\": 1, \"ru",
            "[]",
            "{\"lane\": 1}",
            "{\"lane\": -1, \"run\": \"\", \"worker\": \"\", \"fails\": 0, \"lost\": 0, \"retry\": 0}",
        ] {
            assert_eq!(Claim::parse(bytes.as_bytes()), None, "{bytes}");
        }
    }
}
