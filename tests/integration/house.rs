// SPDX-License-Identifier: Apache-2.0
//! The order of the house: who uses whom, and licences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, extension, found);
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
}

/// The table in ARCHITECTURE.md: module → modules it may use; `None` stands for everything.
fn allowed() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = text.split("## Who may use whom").nth(1).unwrap();
    let mut allowed = BTreeMap::new();
    let mut above = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let may_use = match cells[2] {
            "–" => Some(BTreeSet::new()),
            "everything" => None,
            "all of the above" => Some(above.clone()),
            list => Some(list.split(", ").map(str::to_owned).collect()),
        };
        for module in cells[1].split(", ") {
            let module = module.trim_matches('`').to_owned();
            above.insert(module.clone());
            allowed.insert(module, may_use.clone());
        }
    }
    allowed
}

#[test]
fn modules_use_only_what_the_table_in_architecture_md_allows() {
    let allowed = allowed();
    let source = root().join("src");
    let mut files = Vec::new();
    files_below(&source, "rs", &mut files);
    let mut offences = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&source).unwrap();
        let module = inside
            .iter()
            .next()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some(may_use) = allowed.get(module) else {
            offences.push(format!(
                "src/{module} is not in the table of ARCHITECTURE.md"
            ));
            continue;
        };
        let Some(may_use) = may_use else { continue };
        let text = fs::read_to_string(&file).unwrap();
        for part in text.split("crate::").skip(1) {
            let names: Vec<String> = if let Some(group) = part.strip_prefix('{') {
                let group = group.split_once("};").map_or(group, |(head, _)| head);
                group
                    .split(',')
                    .map(|name| name.trim().split("::").next().unwrap().to_owned())
                    .collect()
            } else {
                vec![
                    part.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                        .unwrap()
                        .to_owned(),
                ]
            };
            for used in names {
                if used != module && allowed.contains_key(&used) && !may_use.contains(&used) {
                    offences.push(format!("src/{} uses {used}", inside.display()));
                }
            }
        }
    }
    offences.sort();
    offences.dedup();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn every_source_file_begins_with_its_licence() {
    let mut offences = Vec::new();
    for (folder, licence) in [
        ("src", "Apache-2.0"),
        ("python", "Apache-2.0"),
        ("tests", "Apache-2.0"),
        ("tools", "Apache-2.0"),
        ("examples", "Apache-2.0"),
        ("addon", "GPL-3.0-or-later"),
    ] {
        let folder = root().join(folder);
        if !folder.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        for extension in ["rs", "py", "pyi", "sh", "toml"] {
            files_below(&folder, extension, &mut files);
        }
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let head: Vec<&str> = text.lines().take(2).collect();
            if !head
                .iter()
                .any(|line| line.contains(&format!("SPDX-License-Identifier: {licence}")))
            {
                offences.push(format!("{} has no SPDX line for {licence}", file.display()));
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}
