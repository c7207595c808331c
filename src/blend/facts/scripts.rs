// SPDX-License-Identifier: Apache-2.0
//! Python that a file brings along: Blender runs it only where scripts of files are allowed to run.

use serde::Serialize;

use crate::blend::error::BlendError;
use crate::blend::file::BlendFile;
use crate::blend::item::Item;

/// `Text.flags`
const REGISTERED: i64 = 1 << 4;
/// `ChannelDriver.type`
const SCRIPTED: i64 = 1;
/// As many are named; nobody reads more.
const MAX_NAMED: usize = 50;
/// What Blender evaluates by itself beside a driver's own variables (`BLI_expr_pylike_eval`, and `frame`).
const KNOWN_WORDS: [&str; 35] = [
    "frame",
    "pi",
    "True",
    "False",
    "if",
    "else",
    "and",
    "or",
    "not",
    "radians",
    "degrees",
    "abs",
    "fabs",
    "floor",
    "ceil",
    "trunc",
    "round",
    "int",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "exp",
    "log",
    "sqrt",
    "pow",
    "fmod",
    "lerp",
    "clamp",
    "smoothstep",
    "min",
    "max",
];

/// Python that runs only where it is allowed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Script {
    /// The text, or the data-block that is driven.
    pub owner: String,
    /// What it is.
    pub kind: ScriptKind,
}

/// What a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptKind {
    /// A text that runs when the file is opened.
    Text,
    /// The expression of a driver, where it is more than arithmetic.
    Driver,
}

/// Texts and drivers that need Python.
pub(super) fn scripts(file: &BlendFile) -> Result<Vec<Script>, BlendError> {
    let mut found: Vec<Script> = Vec::new();
    for text in file.items("TX")? {
        if text.flag("flags", REGISTERED).unwrap_or_default() {
            found.push(Script {
                owner: text.id_name()?.unwrap_or_default(),
                kind: ScriptKind::Text,
            });
        }
    }
    let Some(driver) = file.dna().index_of("ChannelDriver") else {
        return Ok(found);
    };
    for block in file.blocks() {
        if block.structure != driver || found.len() >= MAX_NAMED {
            continue;
        }
        let Some(driver) = file.find(block.address, block.owner)? else {
            continue;
        };
        if needs_python(&driver)? {
            let owner = owner(file, block.owner)?;
            if found.iter().all(|script| script.owner != owner) {
                found.push(Script {
                    owner,
                    kind: ScriptKind::Driver,
                });
            }
        }
    }
    Ok(found)
}

fn owner(file: &BlendFile, index: usize) -> Result<String, BlendError> {
    let Some(block) = file.blocks().get(index) else {
        return Ok(String::new());
    };
    let owner = file.find(block.address, index)?;
    Ok(owner
        .map(|owner| owner.id_name())
        .transpose()?
        .flatten()
        .unwrap_or_default())
}

fn needs_python(driver: &Item<'_>) -> Result<bool, BlendError> {
    if driver.int("type") != Some(SCRIPTED) {
        return Ok(false);
    }
    let expression = driver.text("expression")?.unwrap_or_default();
    let mut variables = Vec::new();
    for variable in driver.list("variables")? {
        variables.extend(variable.text("name")?);
    }
    Ok(!is_arithmetic(&expression, &variables))
}

/// Whether Blender evaluates an expression without Python. What looks like arithmetic but is none is refused by Python
/// as well, so that its words and signs are enough to tell.
fn is_arithmetic(expression: &str, variables: &[String]) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
    let mut rest = expression.trim();
    while let Some(first) = rest.chars().next() {
        if is_word(first) {
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let known = KNOWN_WORDS.contains(&word) || variables.iter().any(|name| name == word);
            if !known && !is_number(word) {
                return false;
            }
            rest = after;
        } else {
            let operator = ["**", "//"].iter().any(|python| rest.starts_with(python));
            if operator || !(first.is_whitespace() || "+-*/(),<>=!".contains(first)) {
                return false;
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    true
}

/// A number, or the part of one before the sign of its exponent (`1e` of `1e-3`).
fn is_number(word: &str) -> bool {
    let digits = word.strip_suffix(['e', 'E']).unwrap_or(word);
    word.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_needs_no_python_and_everything_else_does() {
        let variables = ["var".to_owned(), "größe".to_owned()];
        for simple in [
            "",
            "var * 2.5",
            "sin(frame / 10) + .5",
            "var if var > 1e-3 else größe",
            "clamp(var, 0, 1) != 0",
        ] {
            assert!(is_arithmetic(simple, &variables), "{simple}");
        }
        for python in [
            "other * 2",
            "bpy.context.scene.frame_current",
            "noise.random()",
            "var ** 2",
            "var // 2",
            "[1, 2][var]",
            "self.location.x",
            "len(\"abc\")",
            "var % 2",
        ] {
            assert!(!is_arithmetic(python, &variables), "{python}");
        }
    }
}
