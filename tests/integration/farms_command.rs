// SPDX-License-Identifier: Apache-2.0
//! `farmhand farms`, and the way from a farm's name to the farm, by the binary itself.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::farm_server::{Farm, Received, Reply};
use crate::gateways::{Authority, Gateway};

const TOKEN: &str = "hunter2";

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn config(&self, name: &str) -> PathBuf {
        self.folder.path().join("home/config").join(name)
    }

    /// Runs the command beside the test's own servers.
    async fn run(&self, args: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farmhand"));
        command.args(args).current_dir(self.folder.path());
        for name in [
            "FARMHAND_FARM",
            "FARMHAND_TOKEN",
            "FARMHAND_CA_FILE",
            "http_proxy",
        ] {
            command.env_remove(name);
        }
        command
            .env("FARMHAND_HOME", self.folder.path().join("home"))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = input.to_owned();
        let ran = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            child
                .stdin
                .take()
                .unwrap()
                .write_all(input.as_bytes())
                .unwrap();
            child.wait_with_output().unwrap()
        });
        let ran = ran.await.unwrap();
        let shown = [&ran.stdout[..], &ran.stderr[..]].concat();
        assert!(!String::from_utf8_lossy(&shown).contains(TOKEN), "{ran:?}");
        ran
    }

    async fn good(&self, args: &[&str], input: &str) -> String {
        let ran = self.run(args, &[], input).await;
        assert!(ran.status.success(), "{args:?}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }
}

fn words(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

fn answer(request: &Received) -> Reply {
    match request.path.as_str() {
        "/api/v3/version" => Reply::json(
            200,
            &json!({"version": "3.9 (abc)", "shortversion": "3.9", "name": "Studio", "git": "abc"}),
        ),
        "/api/v3/jobs" => Reply::json(200, &json!({"jobs": []})),
        "/api/v3/worker-mgt/workers" => Reply::json(200, &json!({"workers": []})),
        _ => Reply::json(404, &json!({"code": 404, "message": "no such thing"})),
    }
}

/// A Manager behind a proxy that lets those in who have the token.
async fn guarded() -> Farm {
    Farm::start(|request| {
        if request
            .headers
            .get("authorization")
            .is_some_and(|shown| shown == "Bearer hunter2")
        {
            answer(request)
        } else {
            Reply::empty(401)
        }
    })
    .await
}

#[tokio::test]
async fn a_farm_is_added_used_by_name_made_the_default_and_forgotten_with_its_token() {
    let (desk, farm) = (Desk::new(), guarded().await);
    desk.good(
        &[
            "farms",
            "add",
            "studio",
            &farm.url,
            "--token-stdin",
            "--default",
        ],
        "hunter2\n",
    )
    .await;
    let token_file = desk.config("tokens/studio");
    assert_eq!(std::fs::read_to_string(&token_file).unwrap(), TOKEN);
    #[cfg(unix)]
    for path in [&token_file, &desk.config("farms.json")] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let listed: Value =
        serde_json::from_str(&desk.good(&["farms", "list", "--json"], "").await).unwrap();
    assert_eq!(listed["default"], "studio");
    assert_eq!(listed["farms"][0]["url"], farm.url.as_str());

    for args in [
        &["jobs", "--json"][..],
        &["jobs", "--json", "--farm", "studio"],
        &["jobs", "--json", "--farm", &farm.url],
    ] {
        let jobs: Value = serde_json::from_str(&desk.good(args, "").await).unwrap();
        assert_eq!(jobs["farm"], "studio");
    }
    desk.good(&["farms", "default", "local"], "").await;
    assert!(desk.good(&["farms"], "").await.contains("local *"));
    desk.good(&["farms", "remove", "studio"], "").await;
    assert!(!token_file.exists());
    let ran = desk.run(&["jobs", "--farm", "studio"], &[], "").await;
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_that_others_can_read_is_never_sent() {
    use std::os::unix::fs::PermissionsExt as _;
    let (desk, farm) = (Desk::new(), guarded().await);
    let file = desk.folder.path().join("token");
    std::fs::write(&file, TOKEN).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    desk.good(
        &["farms", "add", "studio", &farm.url, "--token-file", "token"],
        "",
    )
    .await;
    let ran = desk.run(&["jobs", "--farm", "studio"], &[], "").await;
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(words(&ran).contains("chmod 600"), "{ran:?}");
    assert!(farm.received().is_empty());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    desk.good(&["jobs", "--farm", "studio"], "").await;
}

#[tokio::test]
async fn token_ca_and_proxy_come_from_the_environment_too() {
    let (desk, farm, authority) = (Desk::new(), guarded().await, Authority::new());
    let tls = Gateway::tls(&authority, &["farm.test"], &farm.url).await;
    let tunnel = Gateway::proxy("Basic YWRhOmxvdmU=", &format!("http://{}", tls.address)).await;
    let (ca_file, proxy) = (
        authority.file(),
        format!("http://ada:love@{}", tunnel.address),
    );
    let variables = [
        ("FARMHAND_FARM", "https://farm.test"),
        ("FARMHAND_TOKEN", TOKEN),
        ("FARMHAND_CA_FILE", ca_file.to_str().unwrap()),
        ("HTTPS_PROXY", proxy.as_str()),
    ];
    let ran = desk.run(&["jobs", "--json"], &variables, "").await;
    assert!(ran.status.success(), "{ran:?}");
    assert!(!tunnel.heads().is_empty());

    // The token is for that farm, and no other is shown it.
    let other = Farm::start(answer).await;
    let ran = desk
        .run(&["jobs", "--farm", &other.url], &variables, "")
        .await;
    assert!(ran.status.success(), "{ran:?}");
    assert!(
        other
            .received()
            .iter()
            .all(|asked| !asked.headers.contains_key("authorization"))
    );
}

#[tokio::test]
async fn a_token_for_another_computer_is_not_sent_unencrypted() {
    let desk = Desk::new();
    let variables = [("FARMHAND_TOKEN", TOKEN)];
    let ran = desk
        .run(&["jobs", "--farm", "http://farm.test"], &variables, "")
        .await;
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(words(&ran).contains("FARMHAND_ALLOW_PLAIN_HTTP"), "{ran:?}");
}

#[tokio::test]
async fn doctor_says_of_each_farm_whether_it_answers_and_has_the_job_type() {
    let (desk, farm) = (Desk::new(), Farm::start(answer).await);
    let page = Farm::start(|_| Reply::json(200, &json!({"hello": "world"}))).await;
    desk.good(&["farms", "add", "bare", &farm.url], "").await;
    desk.good(&["farms", "add", "page", &page.url], "").await;
    // No Blender has to be there for this.
    let variables = [("FARMHAND_BLENDER", "/no/blender/here")];
    let ran = desk.run(&["doctor", "--json"], &variables, "").await;
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(told["farms"][0]["state"], "no-job-type", "{told}");
    assert_eq!(told["farms"][1]["state"], "unreachable", "{told}");
    let said = told["farms"][1]["message"].as_str().unwrap();
    assert!(said.contains("no Flamenco Manager"), "{said}");
}
