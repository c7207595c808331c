// SPDX-License-Identifier: Apache-2.0
//! The way to a farm and into it: TLS, proxies, credentials, and the first word with whoever answers.

use std::time::Duration;

use farmhand::farm::{Client, ClientOptions, Credentials, FarmError, Proxy, Secret};
use serde_json::{Value, json};

use crate::farm_server::{Act, Farm, Reply, WireFarm, client, hasty, wire};
use crate::gateways::{Authority, Gateway};

fn version(short: &str) -> Value {
    json!({"version": format!("{short} (abc)"), "shortversion": short, "name": "farm", "git": "abc"})
}

/// A Manager that answers everything with its version.
async fn manager() -> Farm {
    Farm::start(|_| Reply::json(200, &version("3.9-beta1"))).await
}

/// Enough patience for a handshake on a busy computer.
fn calm(url: &str) -> ClientOptions {
    let mut options = hasty(url);
    options.timeout = Duration::from_secs(20);
    options
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[tokio::test]
async fn a_farm_with_a_ca_of_its_own_is_trusted_by_the_file_of_that_ca_alone() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let farm = manager().await;
    let gateway = Gateway::tls(&authority, &["127.0.0.1"], &farm.url).await;
    let url = format!("https://{}/farm", gateway.address);
    let by = |ca_file| {
        Client::new(&ClientOptions {
            ca_file: Some(ca_file),
            ..calm(&url).token(secret("quite-secret"))
        })
        .unwrap()
    };
    by(authority.file()).greet().await.unwrap();
    let received = farm.received();
    assert_eq!(received[0].path, "/farm/api/v3/version");
    assert_eq!(received[0].headers["authorization"], "Bearer quite-secret");

    let error = by(stranger.file()).greet().await.unwrap_err();
    let FarmError::Untrusted { url: named, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(named, &format!("{url}/api/v3/version"));
    assert!(error.to_string().contains("ca_file"), "{error}");
    assert_eq!(farm.received().len(), 1, "nothing was sent in vain");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted() {
    let authority = Authority::new();
    let farm = manager().await;
    let gateway = Gateway::tls(&authority, &["another.example.com"], &farm.url).await;
    let options = ClientOptions {
        ca_file: Some(authority.file()),
        ..calm(&format!("https://{}", gateway.address))
    };
    let error = Client::new(&options).unwrap().greet().await.unwrap_err();
    assert!(matches!(error, FarmError::Untrusted { .. }), "{error:?}");
    assert!(farm.received().is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_ca_is_named() {
    let authority = Authority::new();
    let below = |name: &str, content: &str| {
        let path = authority.folder().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    for path in [
        authority.folder().join("absent.pem"),
        below("text.pem", "no certificate at all"),
        below(
            "odd.pem",
            "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
        ),
        below(
            "broken.pem",
            "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        ),
    ] {
        let options = ClientOptions {
            ca_file: Some(path.clone()),
            ..ClientOptions::new("https://127.0.0.1:9")
        };
        let error = Client::new(&options).unwrap_err();
        assert!(
            matches!(&error, FarmError::CaFile { path: named, .. } if *named == path),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_proxy_is_given_its_own_credentials_and_the_farm_its_own() {
    let authority = Authority::new();
    let farm = manager().await;
    let tls = Gateway::tls(&authority, &["farm.test"], &farm.url).await;
    let basic = "Basic YWRhOmxvdmUgbGFjZQ==";
    let open_way = Gateway::proxy(basic, &farm.url).await;
    let tunnel = Gateway::proxy(basic, &format!("http://{}", tls.address)).await;
    for (url, proxy) in [
        ("http://farm.test/x", &open_way),
        ("https://farm.test/x", &tunnel),
    ] {
        let before = farm.received().len();
        let options = ClientOptions {
            proxy: Proxy::At(secret(&format!("http://ada:love%20lace@{}", proxy.address))),
            ca_file: Some(authority.file()),
            allow_plain_http: true,
            ..calm(url).token(secret("quite-secret"))
        };
        assert!(!format!("{options:?}").contains("love"), "{options:?}");
        Client::new(&options).unwrap().greet().await.unwrap();
        let asked = &farm.received()[before];
        assert_eq!(asked.headers["authorization"], "Bearer quite-secret");
        assert!(!asked.headers.contains_key("proxy-authorization"), "{url}");
    }
    let through_the_tunnel = tunnel.heads().concat();
    assert!(through_the_tunnel.starts_with("CONNECT farm.test:443"));
    assert!(
        !through_the_tunnel.contains("quite-secret"),
        "{through_the_tunnel}"
    );
}

#[tokio::test]
async fn a_proxy_that_asks_for_a_name_says_so_without_being_asked_again() {
    let authority = Authority::new();
    let farm = manager().await;
    let proxy = Gateway::proxy("Basic YWRhOmxvdmU=", &farm.url).await;
    for url in ["http://farm.test", "https://farm.test"] {
        for user in ["", "ada:hunter2@"] {
            let options = ClientOptions {
                proxy: Proxy::At(secret(&format!("http://{user}{}", proxy.address))),
                ca_file: Some(authority.file()),
                ..calm(url)
            };
            let before = proxy.heads().len();
            let error = Client::new(&options).unwrap().greet().await.unwrap_err();
            assert!(matches!(error, FarmError::ProxyRefused { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
            assert_eq!(proxy.heads().len(), before + 1, "{url}");
        }
    }
    assert!(farm.received().is_empty());
}

#[tokio::test]
async fn this_computer_is_never_asked_by_a_proxy() {
    let farm = manager().await;
    let proxy = Gateway::proxy("nobody gets through", &farm.url).await;
    let options = ClientOptions {
        proxy: Proxy::At(secret(&format!("http://{}", proxy.address))),
        ..calm(&farm.url)
    };
    Client::new(&options).unwrap().greet().await.unwrap();
    assert!(proxy.heads().is_empty());
}

#[test]
fn what_is_no_proxys_address_is_refused_without_its_credentials() {
    for typed in ["", "proxy:3128", "socks5://ada:hunter2@proxy", "http://"] {
        let options = ClientOptions {
            proxy: Proxy::At(secret(typed)),
            ..ClientOptions::new("http://farm.test")
        };
        let error = Client::new(&options).unwrap_err();
        assert!(matches!(error, FarmError::BadProxy { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn each_kind_of_credentials_has_its_header_and_shows_nowhere() {
    let farm = manager().await;
    for (credentials, name, value) in [
        (
            Credentials::Bearer(secret("hunter2")),
            "authorization",
            "Bearer hunter2",
        ),
        (
            Credentials::Basic {
                user: "ada".to_owned(),
                password: secret("hunter2"),
            },
            "authorization",
            "Basic YWRhOmh1bnRlcjI=",
        ),
        (
            Credentials::Header {
                name: "X-Api-Key".to_owned(),
                value: secret("hunter2"),
            },
            "x-api-key",
            "hunter2",
        ),
    ] {
        let options = calm(&farm.url).credentials(credentials);
        let asking = Client::new(&options).unwrap();
        assert!(!format!("{options:?} {asking:?}").contains("hunter2"));
        asking.greet().await.unwrap();
        assert_eq!(farm.received().last().unwrap().headers[name], value);
    }
    for (name, user) in [("X Api\n", "ada"), ("", "ada"), ("X-Key", "a:da")] {
        let header = Credentials::Header {
            name: name.to_owned(),
            value: secret("hunter2"),
        };
        let basic = Credentials::Basic {
            user: user.to_owned(),
            password: secret("hunter2"),
        };
        let refused = [header, basic]
            .map(|credentials| Client::new(&calm(&farm.url).credentials(credentials)));
        let errors: Vec<_> = refused.into_iter().filter_map(Result::err).collect();
        assert_eq!(errors.len(), 1, "{name:?} {user:?}");
        assert!(!format!("{errors:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn no_secret_goes_unencrypted_to_another_computer_unless_that_is_allowed() {
    let token = || ClientOptions::new("http://farm.test").token(secret("hunter2"));
    for options in [
        token(),
        ClientOptions::new("http://ada:hunter2@farm.test"),
        ClientOptions::new("http://ada@192.168.0.1"),
    ] {
        let error = Client::new(&options).unwrap_err();
        assert!(matches!(error, FarmError::PlainHttp { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    for options in [
        ClientOptions::new("http://farm.test"),
        ClientOptions {
            allow_plain_http: true,
            ..token()
        },
        ClientOptions::new("http://127.0.0.1:9").token(secret("hunter2")),
        ClientOptions::new("http://[::1]:9").token(secret("hunter2")),
    ] {
        Client::new(&options).unwrap();
    }
}

#[tokio::test]
async fn credentials_never_follow_a_redirect() {
    let elsewhere = Farm::start(|_| Reply::json(200, &version("3.9"))).await;
    for status in [301, 302, 303, 307, 308] {
        let target = elsewhere.url.clone();
        let farm = Farm::start(move |_| Reply {
            status,
            headers: vec![("location", format!("{target}/api/v3/version"))],
            body: Vec::new(),
        })
        .await;
        let asking = Client::new(&calm(&farm.url).token(secret("hunter2"))).unwrap();
        let error = asking.greet().await.unwrap_err();
        assert!(
            matches!(&error, FarmError::Moved { target, .. } if target.starts_with(&elsewhere.url)),
            "{error:?}"
        );
        assert_eq!(farm.received().len(), 1);
    }
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn flamenco_from_3_7_on_is_greeted_and_an_older_one_told_what_to_do() {
    for short in ["3.7", "3.9-beta1", "3.10", "4.0-alpha0", "set-during-build"] {
        let farm = Farm::start(move |_| Reply::json(200, &version(short))).await;
        let asking = client(&farm.url);
        let (first, again) = (asking.clone(), asking);
        assert_eq!(first.greet().await.unwrap().shortversion, short);
        again.greet().await.unwrap();
        assert_eq!(farm.received().len(), 1, "once is enough");
    }
    for short in ["3.6", "3.6.9", "3.0-beta3", "2.99"] {
        let farm = Farm::start(move |_| Reply::json(200, &version(short))).await;
        let error = client(&farm.url).greet().await.unwrap_err();
        assert_eq!(
            error,
            FarmError::TooOld {
                version: format!("{short} (abc)"),
                url: format!("{}/", farm.url)
            }
        );
        assert!(error.to_string().contains("3.7 or newer"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_flamenco_is_told_from_one_that_is_away() {
    for reply in [
        Reply::json(404, &json!({"message": "no such page"})),
        Reply::empty(405),
        Reply::json(200, &json!({"hello": "world"})),
        Reply::json(200, &json!([])),
        Reply {
            status: 200,
            headers: Vec::new(),
            body: b"<!doctype html>".to_vec(),
        },
        Reply::empty(200),
        Reply::empty(204),
    ] {
        let answer = reply.clone();
        let farm = Farm::start(move |_| answer.clone()).await;
        let error = client(&farm.url).greet().await.unwrap_err();
        assert!(
            matches!(error, FarmError::NotAManager { .. }),
            "{reply:?}: {error:?}"
        );
        assert!(!error.is_offline());
    }
    let farm = Farm::start(|_| Reply::empty(503)).await;
    let asking = client(&farm.url).without_retries();
    assert!(asking.greet().await.unwrap_err().is_offline());
    let error = asking.greet().await.unwrap_err();
    assert!(
        matches!(error, FarmError::ServerFailed { .. }),
        "a failure is not kept: {error:?}"
    );
    assert_eq!(farm.received().len(), 2);
}

#[tokio::test]
async fn a_farm_that_says_when_to_come_back_is_asked_again_then_if_there_is_time() {
    let good = Act::Send(wire("200 OK", &version("3.9").to_string()));
    for (status, asked) in [
        ("429 Too Many Requests\r\nretry-after: 0", 2),
        ("503 Service Unavailable\r\nretry-after: 0", 2),
        ("429 Too Many Requests\r\nretry-after: 3600", 1),
        (
            "503 Service Unavailable\r\nretry-after: Fri, 01 Jan 2100 00:00:00 GMT",
            1,
        ),
    ] {
        let farm = WireFarm::start(vec![Act::Send(wire(status, "")), good.clone()]).await;
        let asking = Client::new(&calm(&farm.url)).unwrap();
        let answer = asking.greet().await;
        assert_eq!(answer.is_ok(), asked == 2, "{status}: {answer:?}");
        assert_eq!(farm.asked().len(), asked, "{status}");
    }
}

#[tokio::test]
async fn an_endless_answer_ends_with_the_time_that_it_has_or_with_its_size() {
    let farm = WireFarm::start(vec![Act::Flood]).await;
    let error = client(&farm.url).greet().await.unwrap_err();
    assert!(
        matches!(
            error,
            FarmError::Timeout { .. } | FarmError::NotAManager { .. }
        ),
        "{error:?}"
    );
    let error = Client::new(&calm(&farm.url))
        .unwrap()
        .version()
        .await
        .unwrap_err();
    let FarmError::BadAnswer { reason, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(reason.contains("larger than"), "{reason}");
}
