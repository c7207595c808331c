// SPDX-License-Identifier: Apache-2.0
//! The ordered set of rules.

use std::cmp::Reverse;

use super::parse::{Parsed, append};
use super::rule::Source;
use super::{PathsError, Platform, Rule};

/// An ordered set of rules: the longest source first, of equal ones the first given.
///
/// The same rules give the same answers on every computer: nothing depends on the platform that asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathMap {
    rules: Vec<(Rule, Source)>,
}

/// A path as another platform has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped<'m> {
    /// The path, in the target platform's writing.
    pub path: String,
    /// The rule that decided.
    pub rule: &'m Rule,
    /// What lies below the rule's folders, with `/` between names and before the first; empty for the folder itself.
    pub below: String,
}

impl PathMap {
    /// The rules in any order; of several that say something of the same folder the first counts.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, PathsError> {
        let mut rules: Vec<(Rule, Source)> = rules
            .into_iter()
            .map(|rule| Source::of(&rule).map(|source| (rule, source)))
            .collect::<Result<_, _>>()?;
        // Stable: equal ones stay in the order in which they were given.
        rules.sort_by_key(|(rule, _)| Reverse(rule.length()));
        Ok(Self { rules })
    }

    /// The rules in the order in which they are tried.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A path of one platform as the other has it; none where no rule says anything of it.
    ///
    /// `.` and `..` are resolved before a rule is looked for, so that no path leaves a folder by them. A separator at the
    /// end stays. Letters stay as they are below the folder of the rule.
    pub fn map(
        &self,
        path: &str,
        from: Platform,
        to: Platform,
    ) -> Result<Option<Mapped<'_>>, PathsError> {
        let parsed = Parsed::new(path, from)?;
        let Some((rule, below)) = self.deciding(&parsed, from, to) else {
            return Ok(None);
        };
        let (text, below) = moved(path, &parsed, rule, below)?;
        Ok(Some(Mapped {
            path: text,
            rule,
            below,
        }))
    }

    /// Every rule between two platforms with the names that the path has below its folder, in the order of trial.
    pub(super) fn trials<'m, 'p, 'a>(
        &'m self,
        path: &'p Parsed<'a>,
        from: Platform,
        to: Platform,
    ) -> impl Iterator<Item = (&'m Rule, Option<&'p [&'a str]>)> {
        self.rules
            .iter()
            .filter(move |(rule, _)| rule.source_platform() == from && rule.target_platform() == to)
            .map(move |(rule, source)| (rule, source.below(path, from.ignores_case())))
    }

    fn deciding<'m, 'p, 'a>(
        &'m self,
        path: &'p Parsed<'a>,
        from: Platform,
        to: Platform,
    ) -> Option<(&'m Rule, &'p [&'a str])> {
        self.trials(path, from, to)
            .find_map(|(rule, below)| below.map(|below| (rule, below)))
    }
}

/// The path below the rule's target, and what lies below both folders.
fn moved(
    path: &str,
    parsed: &Parsed<'_>,
    rule: &Rule,
    below: &[&str],
) -> Result<(String, String), PathsError> {
    let to = rule.target_platform();
    if to == Platform::Windows && rule.source_platform() != to {
        // These separate there, and would make another path of it. Other signs are merely no names.
        if let Some(name) = below.iter().find(|name| name.contains(['\\', ':'])) {
            return Err(PathsError::NoForm {
                path: path.to_owned(),
                name: (*name).to_owned(),
                platform: to,
            });
        }
    }
    let mut text = String::with_capacity(rule.stem().len() + path.len() + 1);
    text.push_str(rule.stem());
    append(&mut text, below, parsed.is_folder, to);
    let mut slashed = String::with_capacity(path.len());
    if !below.is_empty() {
        append(&mut slashed, below, parsed.is_folder, Platform::Linux);
    }
    Ok((text, slashed))
}
