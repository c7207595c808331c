// SPDX-License-Identifier: Apache-2.0
//! Rules and variables, by single cases and by properties.

use proptest::prelude::*;

use super::*;

use Platform::{Linux, MacOs, Windows};

fn rule(source: (Platform, &str), target: (Platform, &str)) -> Rule {
    Rule::new(source, target, Origin::Given).unwrap()
}

fn map(rules: &[Rule]) -> PathMap {
    PathMap::new(rules.to_vec()).unwrap()
}

fn mapped(rules: &[Rule], path: &str, from: Platform, to: Platform) -> Option<String> {
    let map = map(rules);
    map.map(path, from, to).unwrap().map(|mapped| mapped.path)
}

#[test]
fn a_folder_holds_itself_and_what_lies_below_it_and_nothing_that_is_named_alike() {
    let rules = [rule((Linux, "/mnt/films/"), (Windows, r"Z:\"))];
    let to_windows = |path| mapped(&rules, path, Linux, Windows);
    assert_eq!(to_windows("/mnt/films").as_deref(), Some(r"Z:\"));
    assert_eq!(to_windows("/mnt/films/").as_deref(), Some(r"Z:\"));
    assert_eq!(
        to_windows("/mnt//films/./a/../b c/ü.png").as_deref(),
        Some(r"Z:\b c\ü.png")
    );
    assert_eq!(to_windows("/mnt/films/a/").as_deref(), Some(r"Z:\a\"));
    for elsewhere in [
        "/mnt/films2/a",
        "/mnt",
        "/mnt/films/../secret/a",
        "/MNT/films/a",
        "/",
    ] {
        assert_eq!(to_windows(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn windows_paths_are_the_same_in_any_case_with_any_slashes_and_by_their_long_form() {
    let rules = [
        rule((Windows, "z:"), (Linux, "/mnt/films")),
        rule((Windows, r"\\NAS\Films\Ünit"), (Linux, "/mnt/unit")),
    ];
    let to_linux = |path| mapped(&rules, path, Windows, Linux);
    for (path, expected) in [
        (r"Z:\Shot\a.blend", "/mnt/films/Shot/a.blend"),
        ("z:/Shot//a.blend", "/mnt/films/Shot/a.blend"),
        (r"z:\a/b\", "/mnt/films/a/b/"),
        ("Z:", "/mnt/films"),
        (r"\\?\Z:\a", "/mnt/films/a"),
        (r"\\nas\films\ünit\a", "/mnt/unit/a"),
        ("//NAS/FILMS/ÜNIT/a", "/mnt/unit/a"),
        (r"\\?\UNC\nas\films\Ünit\a", "/mnt/unit/a"),
        (r"\\nas\films\..\Ünit\a", "/mnt/unit/a"),
    ] {
        assert_eq!(to_linux(path).as_deref(), Some(expected), "{path}");
    }
    for elsewhere in [r"C:\a", r"\\nas\films\unit\a", r"\\nas2\films\Ünit\a"] {
        assert_eq!(to_linux(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_path_that_depends_on_where_a_program_stands_is_refused() {
    let map = map(&[rule((Windows, r"C:\"), (Linux, "/c"))]);
    for path in [
        "a",
        "",
        r"\a",
        "/a",
        "C:a",
        r"\\server",
        r"\\.\pipe\a",
        "ü:",
    ] {
        assert!(
            matches!(
                map.map(path, Windows, Linux),
                Err(PathsError::NotAbsolute { .. })
            ),
            "{path}"
        );
    }
    for path in ["a", "", r"\a", r"C:\a"] {
        assert!(
            matches!(
                map.map(path, Linux, Linux),
                Err(PathsError::NotAbsolute { .. })
            ),
            "{path}"
        );
    }
    assert!(matches!(
        map.map("//textures/a.png", Linux, Linux),
        Err(PathsError::BlenderRelative { .. })
    ));
    let relative = Rule::new((Linux, "films"), (Linux, "/mnt"), Origin::Given).unwrap_err();
    assert!(relative.to_string().contains("/mnt/films"), "{relative}");
}

#[test]
fn a_name_that_would_become_another_path_on_windows_is_named() {
    let map = map(&[
        rule((Linux, "/mnt"), (Windows, "Z:")),
        rule((Linux, "/mnt"), (Linux, "/srv")),
    ]);
    for name in [r"a\b", "a:b"] {
        let path = format!("/mnt/{name}/c");
        assert!(matches!(
            map.map(&path, Linux, Windows),
            Err(PathsError::NoForm { name: named, .. }) if named == name
        ));
        let same = map.map(&path, Linux, Linux).unwrap().unwrap();
        assert_eq!(same.path, format!("/srv/{name}/c"));
    }
    let tiles = map.map("/mnt/a.<UDIM>.png", Linux, Windows).unwrap();
    assert_eq!(tiles.unwrap().path, r"Z:\a.<UDIM>.png");
}

#[test]
fn the_mac_knows_no_case_and_linux_does() {
    let rules = [
        rule((MacOs, "/Volumes/Films"), (Linux, "/mnt")),
        rule((Linux, "/Volumes/Films"), (Linux, "/mnt")),
    ];
    let path = "/volumes/films/A";
    assert_eq!(
        mapped(&rules, path, MacOs, Linux).as_deref(),
        Some("/mnt/A")
    );
    assert_eq!(mapped(&rules, path, Linux, Linux), None);
}

#[test]
fn an_explanation_names_every_rule_that_was_tried_and_why_it_did_not_count() {
    let map = map(&[
        rule((Linux, "/mnt"), (Linux, "/a")),
        rule((Linux, "/mnt/films"), (Linux, "/b")),
        rule((Linux, "/mnt/films/"), (Linux, "/c")),
        rule((Linux, "/mnt/films2"), (Linux, "/d")),
        rule((Linux, "/mnt/films"), (Windows, "Z:")),
    ]);
    let explained = map.explain("/mnt/./films/x", Linux, Linux).unwrap();
    assert_eq!(explained.normal, "/mnt/films/x");
    let verdicts: Vec<_> = explained
        .steps
        .iter()
        .map(|step| (step.rule.target(), step.verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("/d", Verdict::Elsewhere),
            ("/b", Verdict::Won),
            ("/c", Verdict::Later),
            ("/a", Verdict::Shorter)
        ]
    );
}

#[test]
fn rules_of_open_job_description_are_read() {
    let text = r#"{"version": "pathmapping-1.0", "path_mapping_rules": [
        {"source_path_format": "WINDOWS", "source_path": "Z:\\films", "destination_path": "/mnt/films"},
        {"source_path_format": "posix", "source_path": "/Volumes/films", "destination_path": "\\\\nas\\films"}]}"#;
    let rules = read_path_mapping(text, "rules.json").unwrap();
    assert_eq!(
        mapped(&rules, r"z:\Films\a", Windows, Linux).as_deref(),
        Some("/mnt/films/a")
    );
    assert_eq!(
        mapped(&rules, "/Volumes/films/a", MacOs, Windows).as_deref(),
        Some(r"\\nas\films\a")
    );
    for (bad, word) in [
        ("{}", "version"),
        (
            r#"{"version": "pathmapping-2.0", "path_mapping_rules": []}"#,
            "pathmapping-2.0",
        ),
        (
            r#"{"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format": "URI", "source_path": "s3://a", "destination_path": "/a"}]}"#,
            "URI",
        ),
        (
            r#"{"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format": "POSIX", "source_path": "a", "destination_path": "/a"}]}"#,
            "not absolute",
        ),
    ] {
        let error = read_path_mapping(bad, "rules.json")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(word) && error.contains("rules.json"),
            "{error}"
        );
    }
}

/// The variables of a Manager with workers on all platforms; `/mnt` and `/mnt/films` overlap.
fn variables() -> Variables {
    let mut variables = Variables::default();
    for (platform, name, value) in [
        (Linux, "root", "/mnt"),
        (Windows, "root", r"S:\farm"),
        (MacOs, "root", "/Volumes/farm"),
        (Linux, "films", "/mnt/films"),
        (Windows, "films", "F:"),
        (MacOs, "films", "/Volumes/films"),
    ] {
        variables.insert_two_way(Audience::Workers, platform, name, value);
    }
    variables.insert_two_way(Audience::Users, Linux, "films", "/home/share");
    variables.insert_one_way(Linux, "blender", "/usr/bin/blender");
    variables
}

#[test]
fn what_a_manager_would_make_of_a_plain_path_depends_on_its_mood() {
    let variables = variables();
    let outcomes = |text, worker| {
        let outcomes = variables.outcomes(text, Linux, worker);
        outcomes.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        outcomes("/mnt/films/a", Windows),
        [r"F:\a", r"S:\farm\films\a"]
    );
    assert_eq!(outcomes("/mnt2/a", Windows), [r"S:\farm2\a"]);
    assert_eq!(outcomes("/MNT/a", Linux), ["/mnt/a"]);
    assert_eq!(outcomes("/other/a", Windows), ["/other/a"]);
    assert_eq!(outcomes("{films}/a b", Windows), [r"F:\a b"]);
    assert_eq!(outcomes("{blender}", Linux), ["/usr/bin/blender"]);
}

#[test]
fn what_is_sent_means_the_same_to_every_worker_whatever_the_manager_does() {
    let variables = variables();
    let map = PathMap::new(variables.rules()).unwrap();
    let sent = |path, from, to| {
        let mapped = map.map(path, from, to).unwrap().unwrap();
        let sent = variables.sent(&mapped, to, to).unwrap();
        (mapped.path.clone(), sent)
    };
    let expect = |path: &str, sent: &str| (path.to_owned(), sent.to_owned());
    assert_eq!(
        sent("/mnt/films/a/b.blend", Linux, Linux),
        expect("/mnt/films/a/b.blend", "{films}/a/b.blend")
    );
    assert_eq!(
        sent("/home/share/a/", Linux, Windows),
        (r"F:\a\".to_owned(), "{films}/a/".to_owned())
    );
    assert_eq!(
        sent("/home/share/a", Linux, Windows),
        (r"F:\a".to_owned(), "{films}/a".to_owned())
    );
    assert_eq!(
        variables
            .resolve("{films}/a", Audience::Users, Linux)
            .as_deref(),
        Some("/home/share/a")
    );
    assert_eq!(variables.resolve("/a", Audience::Users, Linux), None);
}

/// A name that all platforms can have.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,2}",
        "[A-C]{1,2}",
        "[a-zA-Z0-9_.#{}() äöüßéλя日本-]{1,8}"
    ]
    .prop_filter("no dots alone", |name| !matches!(name.as_str(), "." | ".."))
}

fn names(least: usize, most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(name(), least..=most)
}

/// A folder of a platform, as somebody may write it: any root, any slashes, with and without one at the end.
fn folder(platform: Platform) -> impl Strategy<Value = String> {
    let roots = if platform == Windows {
        prop::sample::select(vec!["C:", "z:", r"\\nas\share", "//NAS/other", r"\\?\D:"])
    } else {
        prop::sample::select(vec![""])
    };
    let slash = if platform == Windows {
        prop::sample::select(vec!["/", "\\", r"\/", r"\.\"])
    } else {
        prop::sample::select(vec!["/", "/./", "/x/../"])
    };
    (roots, names(0, 3), slash, any::<bool>()).prop_map(|(root, names, slash, ends)| {
        let mut text = root.to_owned();
        for name in &names {
            text.push_str(if text.is_empty() { "/" } else { slash });
            text.push_str(name);
        }
        if ends || text.is_empty() {
            text.push_str(if text.is_empty() { "/" } else { slash });
        }
        text
    })
}

fn platform() -> impl Strategy<Value = Platform> {
    prop::sample::select(Platform::ALL.to_vec())
}

/// What lies at the end of a path is below a folder, by the words of both.
fn lies_in(path: &str, folder: &str, platform: Platform) -> bool {
    let small = |text: &str| {
        if platform.ignores_case() {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let separator = platform.separator();
    let (path, folder) = (small(path), small(folder));
    let folder = folder.trim_end_matches(separator);
    let path = path.trim_end_matches(separator);
    path == folder || path.starts_with(&format!("{folder}{separator}"))
}

proptest! {
    #[test]
    fn there_and_back_is_the_same(
        (from, to) in (platform(), platform()),
        below in names(0, 4),
        ends in any::<bool>(),
        seed in (Just(()), any::<prop::sample::Index>()),
        folders in prop::collection::vec((names(1, 2), names(1, 2)), 1..5),
    ) {
        // Folders beside each other, none within another, on both sides: else two paths could become one.
        let root = |platform, number: usize, names: &[String]| {
            let start = if platform == Windows { format!("{}:", char::from(b'C' + u8::try_from(number).unwrap())) } else { format!("/{number}") };
            format!("{start}/{}", names.join("/"))
        };
        let pairs: Vec<_> = folders.iter().enumerate().map(|(number, (one, other))| (root(from, number, one), root(to, number, other))).collect();
        let rules: Vec<_> = pairs.iter().flat_map(|(one, other)| [rule((from, one), (to, other)), rule((to, other), (from, one))]).collect();
        let map = map(&rules);
        let (chosen, _) = &pairs[seed.1.index(pairs.len())];
        let mut path = format!("{chosen}/{}", below.join("/"));
        if ends { path.push('/'); }
        let path = normal(&path, from).unwrap();
        let there = map.map(&path, from, to).unwrap();
        // Rules within one platform may lead further than back.
        prop_assume!(from != to);
        let there = there.unwrap();
        let back = map.map(&there.path, to, from).unwrap().unwrap();
        prop_assert_eq!(back.path, path);
    }

    #[test]
    fn length_alone_decides_overlaps_and_of_equal_ones_the_first_given(
        platform in platform(),
        below in names(0, 5),
        folders in prop::collection::vec((0_usize..5, any::<bool>()), 1..8),
        order in any::<prop::sample::Index>(),
    ) {
        let start = if platform == Windows { "Q:" } else { "" };
        let mut all = vec!["deep".to_owned()];
        all.extend(below);
        let path = format!("{start}/{}", all.join("/"));
        let mut rules: Vec<Rule> = folders.iter().enumerate().map(|(number, (depth, ends))| {
            let head = all[..(*depth + 1).min(all.len())].join("/");
            let end = if *ends { "/" } else { "" };
            rule((platform, &format!("{start}/{head}{end}")), (Linux, &format!("/t{number}")))
        }).collect();
        let turn = order.index(rules.len());
        rules.rotate_left(turn);
        let longest = rules.iter().map(|rule| rule.source().chars().count()).max().unwrap();
        let first = rules.iter().find(|rule| rule.source().chars().count() == longest).unwrap().clone();
        let map = map(&rules);
        let mapped = map.map(&path, platform, Linux).unwrap().unwrap();
        prop_assert_eq!(mapped.rule, &first);
    }

    #[test]
    fn no_rule_reaches_across_a_separator(
        platform in platform(),
        source in prop::sample::select(Platform::ALL.to_vec()).prop_flat_map(|platform| (Just(platform), folder(platform))),
        path in prop::sample::select(Platform::ALL.to_vec()).prop_flat_map(|platform| (Just(platform), folder(platform))),
        tail in "[a-c2 .]{1,3}",
    ) {
        let (source_platform, source) = source;
        let rules = [rule((source_platform, &source), (platform, if platform == Windows { "T:\\t" } else { "/t" }))];
        let map = map(&rules);
        let glued = format!("{}{tail}", rules[0].source().trim_end_matches(['/', '\\']));
        let asked = if path.0 == source_platform { vec![path.1, glued] } else { vec![glued] };
        for asked in asked {
            let Ok(normal) = normal(&asked, source_platform) else { continue };
            match map.map(&asked, source_platform, platform) {
                Ok(mapped) => prop_assert_eq!(mapped.is_some(), lies_in(&normal, rules[0].source(), source_platform), "{} in {}", normal, rules[0].source()),
                Err(PathsError::NoForm { .. }) => {}
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
    }

    #[test]
    fn a_normal_path_is_its_own_normal_form_and_any_writing_maps_alike(
        (platform, path) in platform().prop_flat_map(|platform| (Just(platform), folder(platform))),
    ) {
        let once = normal(&path, platform).unwrap();
        prop_assert_eq!(&normal(&once, platform).unwrap(), &once);
        let target = if platform == Windows { "T:" } else { "/t" };
        let root: String = if platform == Windows { once.split('\\').take(if once.starts_with('\\') { 4 } else { 1 }).collect::<Vec<_>>().join("\\") } else { "/".to_owned() };
        let map = map(&[rule((platform, &root), (platform, target))]);
        let one = map.map(&path, platform, platform).unwrap().map(|mapped| mapped.path);
        let other = map.map(&once, platform, platform).unwrap().map(|mapped| mapped.path);
        prop_assert!(one.is_some());
        prop_assert_eq!(one, other);
    }

    #[test]
    fn no_text_makes_it_stumble(path in any::<String>(), from in platform(), to in platform()) {
        let target = if to == Windows { "T:" } else { "/t" };
        let source = if from == Windows { "C:" } else { "/" };
        let map = map(&[rule((from, source), (to, target))]);
        let _ = map.map(&path, from, to);
        let _ = map.explain(&path, from, to);
        let _ = normal(&path, from);
        let _ = variables().outcomes(&path, from, to);
    }

    #[test]
    fn whatever_is_sent_has_one_outcome_and_that_is_the_mapped_path(
        below in names(0, 4),
        head in prop::sample::select(vec!["/mnt", "/mnt2", "/mnt/films", "/mnt/filmsb", "/home/share", "/Mnt", "/other"]),
        to in platform(),
    ) {
        let variables = variables();
        let mut rules = variables.rules();
        rules.push(rule((Linux, "/other"), (to, if to == Windows { r"S:\farm2" } else { "/mnt2/x" })));
        let map = PathMap::new(rules).unwrap();
        let path = format!("{head}/{}", below.join("/"));
        let path = path.trim_end_matches('/');
        if let Ok(Some(mapped)) = map.map(path, Linux, to)
            && let Some(sent) = variables.sent(&mapped, to, to)
        {
            let outcomes = variables.outcomes(&sent, to, to);
            prop_assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), vec![mapped.path.clone()]);
            prop_assert!(sent.starts_with('{') || head != "/mnt/films", "{}", sent);
        }
    }
}
