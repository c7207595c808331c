// SPDX-License-Identifier: Apache-2.0
//! Which rules were tried for a path, which one decided, and why.

use serde::Serialize;

use super::parse::Parsed;
use super::{PathMap, PathsError, Platform, Rule};

/// What became of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The longest folder that the path lies in.
    Won,
    /// The path lies in its folder, but in a longer one as well.
    Shorter,
    /// The path lies in its folder, and a rule that was given before is about the same folder.
    Later,
    /// The path lies elsewhere.
    Elsewhere,
}

/// One rule that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step<'m> {
    /// The rule.
    #[serde(flatten)]
    pub rule: &'m Rule,
    /// What became of it.
    pub verdict: Verdict,
}

/// Which rules were tried, and what came of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'m> {
    /// The path in its own platform's writing.
    pub normal: String,
    /// The rules between the two platforms, in the order in which they were tried.
    pub steps: Vec<Step<'m>>,
}

impl PathMap {
    /// Says which rules between two platforms were tried for a path, and what became of each.
    pub fn explain(
        &self,
        path: &str,
        from: Platform,
        to: Platform,
    ) -> Result<Explanation<'_>, PathsError> {
        let parsed = Parsed::new(path, from)?;
        let mut winner: Option<usize> = None;
        let steps = self
            .trials(&parsed, from, to)
            .map(|(rule, below)| {
                let verdict = match (below, winner) {
                    (None, _) => Verdict::Elsewhere,
                    (Some(_), None) => Verdict::Won,
                    (Some(_), Some(longest)) if rule.length() < longest => Verdict::Shorter,
                    (Some(_), Some(_)) => Verdict::Later,
                };
                if verdict == Verdict::Won {
                    winner = Some(rule.length());
                }
                Step { rule, verdict }
            })
            .collect();
        Ok(Explanation {
            normal: parsed.write(from),
            steps,
        })
    }
}
