// SPDX-License-Identifier: Apache-2.0
//! A Manager's variables: the rules that its two-way variables make, and a form of a path that its own replacing leaves alone.
//!
//! What a Manager does, read in Flamenco's `internal/manager/config/variables.go` (3.7 to 3.9):
//!
//! 1. When a job comes in, each text of its settings and metadata that begins with the workers' value of a two-way variable for the
//!    submitter's platform gets `{name}` in the value's place: whatever the case, whatever character follows, and of several
//!    values any.
//! 2. When a worker gets a task, `{name}` becomes the value for the worker's platform, one-way variables first. A text that then begins
//!    with a two-way variable's value for the Manager's own platform gets the value for the worker's. Where any of that happened,
//!    every slash becomes the platform's own, and several become one.
//!
//! So `/mnt2/a` is sent to the folder of a variable `/mnt`, and of `/mnt` and `/mnt/films` either may win. [`Variables::sent`] writes
//! `{name}/below` itself, which no value is the beginning of, and asks [`Variables::outcomes`] whether every order of the steps
//! leads to the path that is meant.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Audience, Mapped, Origin, Platform, Rule, normal};

/// More two-way variables than these that differ between two platforms are not looked at in every order.
const MAX_ORDERED: usize = 12;

type Values = BTreeMap<String, String>;

/// A Manager's variables, for both audiences and all platforms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    two_way: BTreeMap<(Audience, Platform), Values>,
    one_way: BTreeMap<Platform, Values>,
}

impl Variables {
    /// Adds a two-way variable's value.
    pub fn insert_two_way(
        &mut self,
        audience: Audience,
        platform: Platform,
        name: impl Into<String>,
        value: impl Into<String>,
    ) {
        let values = self.two_way.entry((audience, platform)).or_default();
        values.insert(name.into(), value.into());
    }

    /// Adds the value that workers of a platform have of a one-way variable.
    pub fn insert_one_way(
        &mut self,
        platform: Platform,
        name: impl Into<String>,
        value: impl Into<String>,
    ) {
        let values = self.one_way.entry(platform).or_default();
        values.insert(name.into(), value.into());
    }

    /// Whether workers of the platform have a folder of any two-way variable.
    pub fn has_folders_on(&self, platform: Platform) -> bool {
        !self.values(Audience::Workers, platform).is_empty()
    }

    /// From each two-way variable's folders to those of workers, by both audiences' values: what users have first. Values
    /// that are no folders of their platform make no rule.
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for audience in [Audience::Users, Audience::Workers] {
            for source_platform in Platform::ALL {
                for (name, source) in self.values(audience, source_platform) {
                    for target_platform in Platform::ALL {
                        let target = self.values(Audience::Workers, target_platform).get(name);
                        let origin = Origin::Variable {
                            name: name.clone(),
                            audience,
                        };
                        rules.extend(target.and_then(|target| {
                            let source = (source_platform, source.as_str());
                            Rule::new(source, (target_platform, target), origin).ok()
                        }));
                    }
                }
            }
        }
        rules
    }

    /// The form in which a path is sent, so that workers of `worker` get just that path, whatever the Manager replaces on the way: by
    /// the variable of its rule, else as it is. None where neither holds. Whether a folder's name ends with a separator is
    /// not looked at: the Manager takes it off wherever it replaces anything.
    pub fn sent(
        &self,
        mapped: &Mapped<'_>,
        submitter: Platform,
        worker: Platform,
    ) -> Option<String> {
        let by_variable = match mapped.rule.origin() {
            Origin::Variable { name, .. } => Some(format!("{{{name}}}{}", mapped.below)),
            _ => None,
        };
        let end = worker.separator();
        let wanted = mapped.path.trim_end_matches(end);
        let is_wanted = |outcome: &String| outcome.trim_end_matches(end) == wanted;
        by_variable
            .into_iter()
            .chain([mapped.path.clone()])
            .find(|sent| self.outcomes(sent, submitter, worker).iter().all(is_wanted))
    }

    /// Everything that a worker may get for a text of a job: one for each order in which the Manager may go through its variables,
    /// and for each platform that it may run on.
    pub fn outcomes(&self, text: &str, submitter: Platform, worker: Platform) -> BTreeSet<String> {
        let mut outcomes = BTreeSet::new();
        for stored in self.stored(text, submitter) {
            let (expanded, is_path) = self.expanded(&stored, worker);
            for manager in Platform::ALL {
                self.moved_from(manager, &expanded, is_path, worker, &mut outcomes);
            }
        }
        outcomes
    }

    /// A text of a job as an audience's computers of a platform have it: `{name}` at its beginning resolved.
    pub fn resolve(&self, text: &str, audience: Audience, platform: Platform) -> Option<String> {
        let (name, below) = text.strip_prefix('{')?.split_once('}')?;
        let value = self.values(audience, platform).get(name)?;
        normal(&format!("{value}{below}"), platform).ok()
    }

    fn values(&self, audience: Audience, platform: Platform) -> &Values {
        static NONE: Values = Values::new();
        self.two_way.get(&(audience, platform)).unwrap_or(&NONE)
    }

    /// Step 1: what the Manager may keep.
    fn stored(&self, text: &str, submitter: Platform) -> BTreeSet<String> {
        let small = text.to_lowercase();
        let kept: BTreeSet<String> = self
            .values(Audience::Workers, submitter)
            .iter()
            .filter(|(_, value)| begins_with(&small, &value.to_lowercase()))
            .map(|(name, value)| {
                let rest = text.get(value.len()..).unwrap_or_default();
                format!("{{{name}}}{rest}")
            })
            .collect();
        if kept.is_empty() {
            BTreeSet::from([text.to_owned()])
        } else {
            kept
        }
    }

    /// Step 2, names in braces; says whether one was a two-way variable's.
    fn expanded(&self, text: &str, worker: Platform) -> (String, bool) {
        let mut expanded = text.to_owned();
        for (name, value) in self.one_way.get(&worker).into_iter().flatten() {
            expanded = expanded.replace(&format!("{{{name}}}"), value);
        }
        let mut is_path = false;
        for (name, value) in self.values(Audience::Workers, worker) {
            let placeholder = format!("{{{name}}}");
            if expanded.contains(&placeholder) {
                expanded = expanded.replace(&placeholder, value);
                is_path = true;
            }
        }
        (expanded, is_path)
    }

    /// Step 2, the Manager's own folders, in every order.
    fn moved_from(
        &self,
        manager: Platform,
        text: &str,
        is_path: bool,
        worker: Platform,
        outcomes: &mut BTreeSet<String>,
    ) {
        let targets = self.values(Audience::Workers, worker);
        let pairs: Vec<(&str, &str)> = self
            .values(Audience::Workers, manager)
            .iter()
            .filter_map(|(name, value)| Some((value.as_str(), targets.get(name)?.as_str())))
            .take(MAX_ORDERED)
            .collect();
        let mut seen = HashSet::new();
        let mut open = vec![(text.to_owned(), is_path, (1_u32 << pairs.len()) - 1)];
        while let Some(state) = open.pop() {
            if !seen.insert(state.clone()) {
                continue;
            }
            let (text, is_path, left) = state;
            if left == 0 {
                outcomes.insert(if is_path {
                    in_slashes_of(&text, worker)
                } else {
                    text
                });
                continue;
            }
            for (number, (value, target)) in pairs.iter().enumerate() {
                let bit = 1_u32 << number;
                if left & bit == 0 {
                    continue;
                }
                let next = if begins_with(&text, value) {
                    let rest = text.get(value.len()..).unwrap_or_default();
                    (format!("{target}{rest}"), true, left & !bit)
                } else {
                    (text.clone(), is_path, left & !bit)
                };
                open.push(next);
            }
        }
    }
}

/// Flamenco's `isValueMatch`.
fn begins_with(text: &str, value: &str) -> bool {
    text.starts_with(value)
        || text
            .replace('\\', "/")
            .starts_with(&value.replace('\\', "/"))
}

/// Flamenco's `crosspath.ToPlatform`.
fn in_slashes_of(text: &str, platform: Platform) -> String {
    let is_slash = |character| character == '/' || character == '\\';
    let separator = platform.separator();
    let leading = text
        .chars()
        .take_while(|character| is_slash(*character))
        .count();
    let names: Vec<&str> = text
        .split(is_slash)
        .filter(|name| !name.is_empty())
        .collect();
    let mut written: String = std::iter::repeat_n(separator, leading).collect();
    written.push_str(&names.join(separator.encode_utf8(&mut [0; 4])));
    if platform == Platform::Windows
        && let Some((letter, rest)) = written.split_once(':')
        && letter.len() == 1
        && letter.chars().all(|letter| letter.is_ascii_alphabetic())
        && !rest.starts_with(separator)
    {
        return format!("{letter}:{separator}{rest}");
    }
    written
}
