// SPDX-License-Identifier: Apache-2.0
//! The way to the farm: TLS, whom it trusts, and proxies.

use std::path::Path;
use std::sync::Once;

use reqwest::{Certificate, ClientBuilder, redirect};
use url::Url;

use super::address::{Address, without_credentials};
use super::error::FarmError;
use super::options::{ClientOptions, Proxy};
use super::transport::from_reqwest;

/// What may be spoken with the farm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocols {
    /// Whatever both sides know.
    All,
    /// HTTP/1.1 alone.
    Http1,
}

/// What has to come before any HTTP client of this process; once is enough, and more do no harm.
pub fn prepare_cryptography() {
    static CRYPTOGRAPHY: Once = Once::new();
    // The error says that a provider is there already, which is as good.
    CRYPTOGRAPHY.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// An HTTP client for that farm; nothing is sent yet.
pub(super) fn http_client(
    address: &Address,
    options: &ClientOptions,
    protocols: Protocols,
) -> Result<reqwest::Client, FarmError> {
    prepare_cryptography();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("farmhand/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect_timeout)
        // A redirected POST would become a GET, a page to log in would be taken for an answer, and credentials would
        // go where nobody sent them.
        .redirect(redirect::Policy::none());
    let builder = match protocols {
        Protocols::All => builder,
        Protocols::Http1 => builder.http1_only(),
    };
    let (builder, proxy_is_secure) = by_proxy(builder, address, &options.proxy)?;
    let builder = match &options.ca_file {
        Some(path) => builder.tls_certs_only(authorities(path)?),
        // Reading the system's certificates takes time, and fails where there are none.
        None if !address.is_secure() && !proxy_is_secure => builder.tls_certs_only([]),
        None => builder,
    };
    builder.build().map_err(|error| match &options.ca_file {
        Some(path) => FarmError::CaFile {
            reason: "it holds something that is no certificate".to_owned(),
            path: path.clone(),
        },
        None => from_reqwest(error, &address.shown(), options.connect_timeout),
    })
}

/// The builder with its proxy, and whether that itself speaks TLS.
fn by_proxy(
    builder: ClientBuilder,
    address: &Address,
    proxy: &Proxy,
) -> Result<(ClientBuilder, bool), FarmError> {
    match proxy {
        Proxy::FromEnvironment if !address.is_loopback() => {
            let is_secure = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
                .iter()
                .any(|name| std::env::var(name).is_ok_and(|proxy| proxy.starts_with("https:")));
            Ok((builder, is_secure))
        }
        Proxy::At(at) if !address.is_loopback() => {
            let bad = |reason: &str| FarmError::BadProxy {
                url: without_credentials(at.expose()),
                reason: reason.to_owned(),
            };
            let url = Url::parse(at.expose()).map_err(|error| bad(&error.to_string()))?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err(bad("it begins with neither http:// nor https://"));
            }
            let is_secure = url.scheme() == "https";
            let proxy = reqwest::Proxy::all(url).map_err(|_| bad("it is no proxy's address"))?;
            Ok((builder.proxy(proxy), is_secure))
        }
        Proxy::FromEnvironment | Proxy::Direct | Proxy::At(_) => Ok((builder.no_proxy(), false)),
    }
}

/// The certificates of a PEM file.
fn authorities(path: &Path) -> Result<Vec<Certificate>, FarmError> {
    let bad = |reason: String| FarmError::CaFile {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    match Certificate::from_pem_bundle(&text) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(bad(
            "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".to_owned(),
        )),
    }
}
