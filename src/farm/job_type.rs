// SPDX-License-Identifier: Apache-2.0
//! The job type `farmhand-render`: the script that a Manager runs, and what it declares.
//!
//! The script is the only place where the type's settings are written down: a Manager reads them there, and so does the
//! local farm.

use std::sync::LazyLock;

use serde::Deserialize;

use super::models::{AvailableJobSetting, AvailableJobType};

/// The job type that makes lanes.
pub const JOB_TYPE: &str = "farmhand-render";
/// The type of the task at which its lanes wait for people; no worker takes it.
pub const GATE_TYPE: &str = "farmhand-gate";
/// The job type that every Manager brings along.
pub const STOCK_JOB_TYPE: &str = "simple-blender-render";
/// The script's file in the folder `scripts` beside the Manager; the name of the type follows from it.
pub const SCRIPT_FILE: &str = "farmhand_render.js";

/// What comes before and after the declaration in the script.
const BEGIN: &str = "const JOB_TYPE = ";
const END: &str = "\n};";

/// The script, carried inside this program.
pub const fn script() -> &'static str {
    include_str!("../../python/farmhand/flamenco/farmhand_render.js")
}

/// A job type's declaration, as a script has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Declaration {
    /// The name for people.
    pub label: String,
    /// What it does, for people.
    pub description: String,
    /// Its settings.
    pub settings: Vec<AvailableJobSetting>,
}

/// What the script declares. Empty where that could not be read, which a test rules out.
pub fn declaration() -> &'static Declaration {
    static READ: LazyLock<Declaration> = LazyLock::new(|| read(script()).unwrap_or_default());
    &READ
}

fn read(script: &str) -> Option<Declaration> {
    let begin = script.find(BEGIN)? + BEGIN.len();
    let rest = script.get(begin..)?;
    let end = rest.find(END)? + END.len() - 1;
    serde_json::from_str(rest.get(..end)?).ok()
}

/// The settings of this version's script that a farm's type of that name does not know: what an older script lacks.
pub fn missing_settings(theirs: &AvailableJobType) -> Vec<&'static str> {
    let ours = declaration().settings.iter();
    ours.map(|setting| setting.key.as_str())
        .filter(|key| theirs.setting(key).is_none())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_a_farm_tells(settings: &[AvailableJobSetting]) -> AvailableJobType {
        AvailableJobType {
            name: JOB_TYPE.to_owned(),
            label: String::new(),
            description: None,
            settings: settings.to_vec(),
            etag: String::new(),
        }
    }

    #[test]
    fn the_declaration_is_read_from_the_script_and_explains_every_setting() {
        let declared = declaration();
        assert_eq!(declared.label, "Farmhand Render");
        assert!(declared.settings.len() > 8);
        for setting in &declared.settings {
            let said = setting.description.as_deref().unwrap_or_default();
            assert!(said.len() > 10, "{}: {said:?}", setting.key);
            assert!(setting.visible.is_some(), "{}", setting.key);
        }
    }

    #[test]
    fn the_file_gives_the_type_its_name() {
        // As a Manager makes it (`filenameToJobType` in its job_compilers/scripts.go).
        let name = SCRIPT_FILE.trim_end_matches(".js").replace('_', "-");
        assert_eq!(name, JOB_TYPE);
    }

    #[test]
    fn an_older_script_is_known_by_the_settings_that_it_lacks() {
        let ours = &declaration().settings;
        assert!(missing_settings(&as_a_farm_tells(ours)).is_empty());
        let older: Vec<_> = ours
            .iter()
            .filter(|setting| setting.key != "home_chunks")
            .cloned()
            .collect();
        assert_eq!(missing_settings(&as_a_farm_tells(&older)), ["home_chunks"]);
    }
}
