// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::config::write_secret;

struct Home {
    dirs: Dirs,
    _folder: tempfile::TempDir,
}

impl Home {
    fn with(farms: serde_json::Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dirs = Dirs::below(folder.path());
        let farms: Farms = serde_json::from_value(farms).unwrap();
        farms.save(&dirs).unwrap();
        Self {
            dirs,
            _folder: folder,
        }
    }

    fn target(
        &self,
        farm: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<Target, ConnectError> {
        let given = Given {
            farm: farm.map(str::to_owned),
            ..Given::default()
        };
        self.given(given, variables)
    }

    fn given(&self, given: Given, variables: &[(&str, &str)]) -> Result<Target, ConnectError> {
        let environment = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        target(given, &self.dirs, &environment)
    }
}

fn two_farms() -> Home {
    Home::with(serde_json::json!({
        "default": "studio",
        "farms": {
            "studio": {"url": "https://studio.test/farm", "token_env": "STUDIO", "ca_file": "/ca.pem", "proxy": "none"},
            "open": {"url": "http://open.test"},
        },
    }))
}

fn bearer(token: &str) -> Credentials {
    Credentials::Bearer(Secret::new(token))
}

#[test]
fn the_usual_farm_is_the_environments_then_the_settings_then_this_computer() {
    let home = two_farms();
    let studio = [("STUDIO", "s")];
    let found = home.target(None, &studio).unwrap();
    assert_eq!((found.name.as_str(), found.is_usual), ("studio", true));
    let found = home
        .target(None, &[("STUDIO", "s"), ("FARMHAND_FARM", "open")])
        .unwrap();
    assert_eq!((found.name.as_str(), found.is_usual), ("open", true));
    let found = home.target(Some("local"), &studio).unwrap();
    assert!(found.options.is_none() && !found.is_usual);

    let bare = Home::with(serde_json::json!({}));
    let found = bare.target(None, &[("FARMHAND_FARM", " ")]).unwrap();
    assert_eq!((found.name.as_str(), found.is_usual), ("local", true));
}

#[test]
fn an_address_of_a_named_farm_is_that_farm() {
    let home = two_farms();
    for farm in ["studio", "https://studio.test/farm/"] {
        let found = home.target(Some(farm), &[("STUDIO", "s3cret")]).unwrap();
        assert_eq!(found.name, "studio");
        let options = found.options.unwrap();
        assert_eq!(options.base_url, "https://studio.test/farm");
        assert_eq!(options.credentials, Some(bearer("s3cret")));
        assert_eq!(options.ca_file, Some(PathBuf::from("/ca.pem")));
        assert_eq!(options.proxy, Proxy::Direct);
    }
}

#[test]
fn an_unknown_name_is_told_with_the_known_ones() {
    let error = two_farms()
        .target(Some("sudio"), &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("local, open, studio"), "{error}");
    let error = two_farms().target(None, &[]).unwrap_err().to_string();
    assert!(error.contains("STUDIO"), "{error}");
}

#[test]
fn the_environments_token_goes_to_the_farm_that_it_names_and_to_no_other() {
    let home = two_farms();
    let token = ("FARMHAND_TOKEN", "t0ken");
    let credentials = |farm: &str, variables: &[(&str, &str)]| {
        let found = home.target(Some(farm), variables).unwrap();
        found.options.unwrap().credentials
    };
    for farm in ["open", "https://elsewhere.test"] {
        assert_eq!(credentials(farm, &[token]), Some(bearer("t0ken")));
        assert_eq!(
            credentials(farm, &[token, ("FARMHAND_FARM", farm)]),
            Some(bearer("t0ken"))
        );
        let other = ("FARMHAND_FARM", "https://another.test");
        assert_eq!(credentials(farm, &[token, other]), None);
    }
    let own = [token, ("STUDIO", "s3cret")];
    assert_eq!(credentials("studio", &own), Some(bearer("s3cret")));
}

#[test]
fn what_the_caller_says_comes_first() {
    let given = Given {
        farm: Some("studio".to_owned()),
        credentials: Some(bearer("mine")),
        proxy: Some(proxy("http://proxy")),
        ca_file: Some(PathBuf::from("/mine.pem")),
        allow_plain_http: true,
    };
    let found = two_farms().given(given, &[]).unwrap();
    let options = found.options.unwrap();
    assert_eq!(options.credentials, Some(bearer("mine")));
    assert_eq!(options.proxy, Proxy::At(Secret::new("http://proxy")));
    assert_eq!(options.ca_file, Some(PathBuf::from("/mine.pem")));
    assert!(options.allow_plain_http);
}

#[test]
fn each_kind_of_authorization_is_made_of_its_parts() {
    let home = Home::with(serde_json::json!({"farms": {
        "basic": {"url": "https://a.test", "auth": "basic", "user": "ada"},
        "header": {"url": "https://b.test", "auth": "header", "header": "X-Key"},
        "lacking": {"url": "https://c.test", "auth": "basic"},
    }}));
    let mut farms = Farms::load(&home.dirs).unwrap();
    for (name, farm) in &mut farms.farms {
        farm.token_file = Some(write_secret(&home.dirs, name, "hunter2").unwrap());
    }
    farms.save(&home.dirs).unwrap();
    let credentials = |farm: &str| {
        home.target(Some(farm), &[])
            .map(|found| found.options.unwrap().credentials)
    };
    assert_eq!(
        credentials("basic").unwrap(),
        Some(Credentials::Basic {
            user: "ada".to_owned(),
            password: Secret::new("hunter2")
        })
    );
    assert_eq!(
        credentials("header").unwrap(),
        Some(Credentials::Header {
            name: "X-Key".to_owned(),
            value: Secret::new("hunter2")
        })
    );
    let error = credentials("lacking").unwrap_err().to_string();
    assert!(error.contains("user's name"), "{error}");
}
