// SPDX-License-Identifier: Apache-2.0
//! Python that the file brings along.

use super::{Subject, named};
use crate::blend::ScriptKind;
use crate::check::finding::{Finding, Thing};

/// Blender runs Python of a file only where it is allowed to; many rigs bring some that a render does without.
pub(super) fn scripts(subject: &Subject<'_>) -> Option<Finding> {
    let scripts = &subject.facts.scripts;
    if subject.auto_run || scripts.is_empty() {
        return None;
    }
    let owners = |kind| -> Vec<String> {
        let of_kind = scripts.iter().filter(|script| script.kind == kind);
        of_kind.map(|script| script.owner.clone()).collect()
    };
    let (texts, drivers) = (owners(ScriptKind::Text), owners(ScriptKind::Driver));
    let what = match (texts.is_empty(), drivers.is_empty()) {
        (false, true) => format!("The script {}", named(&texts)),
        (true, _) => format!("Python in the drivers of {}", named(&drivers)),
        (false, false) => format!(
            "The script {} and Python in the drivers of {}",
            named(&texts),
            named(&drivers)
        ),
    };
    Some(
        Finding::warning(
            "needs-auto-run",
            format!("{what} will not run: Python in files is switched off."),
        )
        .fix_here("if you trust the file, let it run with --auto-run")
        .about_things(texts.into_iter().map(|text| Thing::new("text", text)))
        .about_things(drivers.into_iter().map(|owner| Thing::new("driver", owner))),
    )
}
