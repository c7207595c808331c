// SPDX-License-Identifier: Apache-2.0
//! Which of a farm's Blenders renders a scene. A mismatch that is known is asked about, never assumed.

use crate::check::Finding;
use crate::farm::models::ManagerVariables;

/// The variable that every Manager has.
const USUAL: &str = "blender";

/// A Blender of the farm: the Manager's variable that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate<'a> {
    name: &'a str,
    /// 405 for 4.5, as the variable's name or its value says; none where neither does.
    version: Option<u32>,
}

/// The variable for a scene of a Blender version (405 is 4.5), and what there is to say of it.
pub fn choose(
    asked: Option<&str>,
    file_version: u32,
    variables: &ManagerVariables,
) -> (String, Option<Finding>) {
    let candidates = candidates(variables);
    let names = || {
        let names: Vec<&str> = candidates.iter().map(|one| one.name).collect();
        names.join(", ")
    };
    if let Some(asked) = asked {
        let is_there = candidates.iter().any(|one| one.name == asked);
        let finding = (!is_there).then(|| {
            Finding::error(
                "unknown-blender",
                format!("The farm has no Blender that is called {asked}."),
            )
            .fix_here(format!("choose one of its own with --blender: {}", names()))
        });
        return (asked.to_owned(), finding);
    }
    let usual = candidates.iter().find(|one| one.name == USUAL);
    let of_that_version = |one: &&Candidate<'_>| one.version == Some(file_version);
    if let Some(fitting) = usual
        .filter(of_that_version)
        .or_else(|| candidates.iter().find(of_that_version))
    {
        return (fitting.name.to_owned(), None);
    }
    let finding = usual.and_then(|usual| usual.version).map(|version| {
        let message = format!(
            "The scene was saved by Blender {}, and the farm renders with Blender {}.",
            shown(file_version),
            shown(version)
        );
        Finding::error("blender-mismatch", message).fix_here(format!(
            "choose with --blender what renders it ({}), or take the farm's with --ignore blender-mismatch",
            names()
        ))
    });
    (USUAL.to_owned(), finding)
}

fn candidates(variables: &ManagerVariables) -> Vec<Candidate<'_>> {
    let is_blender = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("blender") && !name.starts_with("blenderargs")
    };
    let variables = variables.iter().filter(|(name, _)| is_blender(name));
    variables
        .map(|(name, variable)| Candidate {
            name,
            version: version_in(name).or_else(|| version_in(&variable.value)),
        })
        .collect()
}

/// The first `major.minor` in a text that can be a Blender's: `blender-4.5`, `/opt/blender-4.5.15-linux-x64/blender`.
fn version_in(text: &str) -> Option<u32> {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let from = rest.get(start..)?;
        let major_end = from.find(|c| !is_digit(c)).unwrap_or(from.len());
        let (major, after) = from.split_at(major_end);
        if let Some(minor) = after.strip_prefix('.') {
            let minor_end = minor.find(|c| !is_digit(c)).unwrap_or(minor.len());
            let minor = minor.get(..minor_end)?;
            if let (Ok(major @ 2..=99), Ok(minor @ 0..=99)) =
                (major.parse::<u32>(), minor.parse::<u32>())
            {
                return Some(major * 100 + minor);
            }
        }
        rest = after;
    }
    None
}

fn shown(version: u32) -> String {
    format!("{}.{}", version / 100, version % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::farm::models::ManagerVariable;

    fn variables(named: &[(&str, &str)]) -> ManagerVariables {
        let variable = |value: &str| ManagerVariable {
            value: value.to_owned(),
            is_twoway: false,
        };
        named
            .iter()
            .map(|(name, value)| ((*name).to_owned(), variable(value)))
            .collect()
    }

    #[test]
    fn a_version_is_read_from_a_name_or_a_path() {
        for (text, version) in [
            ("blender-4.5", Some(405)),
            ("blender5.0", Some(500)),
            ("/opt/blender-4.2.23-linux-x64/blender", Some(402)),
            ("/srv/2/blender 3.6/blender", Some(306)),
            ("blender", None),
            ("/usr/bin/blender", None),
            ("/opt/v2/blender", None),
            ("1.2", None),
        ] {
            assert_eq!(version_in(text), version, "{text}");
        }
    }

    #[test]
    fn the_blender_of_the_scenes_own_version_is_taken() {
        let farm = variables(&[
            ("blender", "/usr/bin/blender"),
            ("blenderArgs", "-b -y"),
            ("blender-4.5", "/opt/45/blender"),
            ("blender_lts", "/opt/blender-4.2.1/blender"),
        ]);
        assert_eq!(choose(None, 405, &farm), ("blender-4.5".to_owned(), None));
        assert_eq!(choose(None, 402, &farm), ("blender_lts".to_owned(), None));
        // Nobody knows which version the usual one is: nothing to ask.
        assert_eq!(choose(None, 304, &farm), ("blender".to_owned(), None));
    }

    #[test]
    fn another_version_is_asked_about() {
        let farm = variables(&[("blender", "/opt/blender-4.2.1/blender")]);
        let (name, finding) = choose(None, 405, &farm);
        let finding = finding.unwrap();
        assert_eq!(
            (name.as_str(), finding.code.as_str()),
            ("blender", "blender-mismatch")
        );
        assert!(finding.message.contains("4.5") && finding.message.contains("4.2"));
        assert_eq!(choose(Some("blender"), 405, &farm).1, None, "it was chosen");
    }

    #[test]
    fn a_blender_that_the_farm_does_not_have_is_refused_with_those_it_has() {
        let farm = variables(&[("blender", "blender"), ("blender-4.5", "b")]);
        let finding = choose(Some("blender-9.9"), 405, &farm).1.unwrap();
        assert_eq!(finding.code, "unknown-blender");
        assert!(finding.fix.unwrap().contains("blender-4.5"));
    }
}
