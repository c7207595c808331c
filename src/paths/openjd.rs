// SPDX-License-Identifier: Apache-2.0
//! Rules in the form of Open Job Description, "Path Mapping" in *How Jobs Are Run*:
//! `{"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format", "source_path", "destination_path"}]}`.

use serde::Deserialize;

use super::{Origin, PathsError, Platform, Rule};

const VERSION: &str = "pathmapping-1.0";

#[derive(Deserialize)]
struct Document {
    version: String,
    path_mapping_rules: Vec<DocumentRule>,
}

#[derive(Deserialize)]
struct DocumentRule {
    source_path_format: String,
    source_path: String,
    destination_path: String,
}

/// The rules of such a file. The format knows `POSIX` and `WINDOWS` only: a POSIX path stands for Linux and for macOS, and the form of
/// a destination says whose it is.
pub fn read_path_mapping(text: &str, file: &str) -> Result<Vec<Rule>, PathsError> {
    let bad = |detail: String| PathsError::BadFile {
        file: file.to_owned(),
        detail,
    };
    let document: Document = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    if document.version != VERSION {
        return Err(bad(format!("its version is {:?}", document.version)));
    }
    let mut rules = Vec::new();
    for rule in document.path_mapping_rules {
        let sources: &[Platform] = match rule.source_path_format.to_ascii_uppercase().as_str() {
            "POSIX" => &[Platform::Linux, Platform::MacOs],
            "WINDOWS" => &[Platform::Windows],
            other => return Err(bad(format!("there is no path format {other:?}"))),
        };
        let targets: &[Platform] = if rule.destination_path.starts_with('/') {
            &[Platform::Linux, Platform::MacOs]
        } else {
            &[Platform::Windows]
        };
        for source in sources {
            for target in targets {
                let origin = Origin::File {
                    file: file.to_owned(),
                };
                let made = Rule::new(
                    (*source, &rule.source_path),
                    (*target, &rule.destination_path),
                    origin,
                );
                rules.push(made.map_err(|error| bad(error.to_string()))?);
            }
        }
    }
    Ok(rules)
}
