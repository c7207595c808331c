// SPDX-License-Identifier: Apache-2.0
//! The client itself: how a request is sent, how long it may take, and when it may be repeated.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::address::{Address, shown, without_credentials};
use super::error::FarmError;
use super::secret::Secret;
use super::transport::{Answer, from_reqwest};

/// The pause before the first repetition; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Which farm, and how patiently.
#[derive(Clone)]
pub struct ClientOptions {
    /// The farm's address; a path prefix in it is kept. Credentials in it are sent as Basic authorization if there is no
    /// token.
    pub base_url: String,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
    /// For how long a connection may take to come about.
    pub connect_timeout: Duration,
    /// For how long one call may take in all, its answer's last byte included.
    pub timeout: Duration,
    /// The same for sending a job, which a Manager first compiles into tasks (10,000 tasks: 1.7 s).
    pub submit_timeout: Duration,
    /// How often a call that may be repeated is repeated when the farm cannot be reached.
    pub retries: u32,
}

impl ClientOptions {
    /// The usual patience for the farm at that address.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            token: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            submit_timeout: Duration::from_mins(1),
            retries: 2,
        }
    }

    /// With that token.
    #[must_use]
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }
}

impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientOptions")
            .field("base_url", &without_credentials(&self.base_url))
            .field("token", &self.token)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Whether a request may be sent once more when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Asking twice does what asking once does.
    Harmless,
    /// Only when it certainly never left this computer.
    IfNeverSent,
}

/// A client for one farm. Cloning is cheap, and clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    authorization: Option<HeaderValue>,
    timeout: Duration,
    submit_timeout: Duration,
    retries: u32,
}

impl Client {
    /// A client for the farm that the options name. Nothing is sent yet.
    pub fn new(options: ClientOptions) -> Result<Self, FarmError> {
        let ClientOptions {
            base_url,
            token,
            connect_timeout,
            timeout,
            submit_timeout,
            retries,
        } = options;
        let mut address = Address::parse(&base_url)?;
        let authorization = token.as_ref().map(bearer).transpose()?;
        if authorization.is_some() {
            address.forget_credentials();
        }
        Ok(Self {
            http: http_client(&address, connect_timeout)?,
            address,
            authorization,
            timeout,
            submit_timeout,
            retries,
        })
    }

    /// The farm's address, without credentials.
    pub fn base_url(&self) -> String {
        self.address.shown()
    }

    /// The same farm, asked without repeating anything: for those who ask again by themselves.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        Self {
            retries: 0,
            ..self.clone()
        }
    }

    /// The same farm, with more time for each call: for those whose answer has to be worked out first.
    #[must_use]
    pub fn patient(&self, timeout: Duration) -> Self {
        Self {
            timeout,
            ..self.clone()
        }
    }

    /// `GET` an answer in JSON. `path` is given in segments below the farm's address.
    pub async fn get_json<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, FarmError> {
        self.get(path).await?.json()
    }

    /// `POST` JSON, with an answer in JSON.
    pub async fn post_json<B, T>(
        &self,
        path: &[&str],
        body: &B,
        repeat: Repeat,
    ) -> Result<T, FarmError>
    where
        B: Serialize + ?Sized,
        T: DeserializeOwned,
    {
        self.post(path, body, repeat, self.timeout).await?.json()
    }

    /// `POST` nothing, with an answer that does not matter.
    pub async fn post_only(&self, path: &[&str], repeat: Repeat) -> Result<(), FarmError> {
        self.call(Method::POST, path, repeat).await?;
        Ok(())
    }

    /// `GET`, 204 included.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Answer, FarmError> {
        self.get_url(self.address.join(path)).await
    }

    /// `GET` what the farm itself named.
    pub(super) async fn get_named(&self, named: &str) -> Result<Answer, FarmError> {
        let url = self
            .address
            .file(named)
            .ok_or_else(|| FarmError::BadAnswer {
                reason: format!("it names a file outside the farm, {named:?}"),
                url: self.base_url(),
            })?;
        self.get_url(url).await
    }

    async fn get_url(&self, url: Url) -> Result<Answer, FarmError> {
        let build = || self.http.get(url.clone());
        self.send(&url, build, Repeat::Harmless, self.timeout).await
    }

    /// `POST` JSON, whatever the answer holds.
    pub(super) async fn post<B: Serialize + ?Sized>(
        &self,
        path: &[&str],
        body: &B,
        repeat: Repeat,
        timeout: Duration,
    ) -> Result<Answer, FarmError> {
        let url = self.address.join(path);
        let build = || self.http.post(url.clone()).json(body);
        self.send(&url, build, repeat, timeout).await
    }

    /// `POST` or `DELETE` without a body.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        repeat: Repeat,
    ) -> Result<Answer, FarmError> {
        let url = self.address.join(path);
        let build = || self.http.request(method.clone(), url.clone());
        self.send(&url, build, repeat, self.timeout).await
    }

    /// `GET` an answer in JSON that may be none (204).
    pub(super) async fn optional<T: DeserializeOwned>(
        &self,
        path: &[&str],
    ) -> Result<Option<T>, FarmError> {
        let answer = self.get(path).await?;
        if answer.is_empty() {
            Ok(None)
        } else {
            answer.json().map(Some)
        }
    }

    /// The URL of a call, for messages.
    pub(super) fn shown_url(&self, path: &[&str]) -> String {
        shown(&self.address.join(path))
    }

    /// For how long a call may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// For how long sending a job may take.
    pub(super) fn submit_timeout(&self) -> Duration {
        self.submit_timeout
    }

    async fn send(
        &self,
        url: &Url,
        build: impl Fn() -> RequestBuilder,
        repeat: Repeat,
        timeout: Duration,
    ) -> Result<Answer, FarmError> {
        let mut pause = FIRST_PAUSE;
        let mut retries_left = self.retries;
        loop {
            let error = match self.send_once(url, build(), timeout).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let may_repeat = match repeat {
                Repeat::Harmless => error.is_passing(),
                Repeat::IfNeverSent => matches!(error, FarmError::Unreachable { .. }),
            };
            if !may_repeat || retries_left == 0 {
                return Err(error);
            }
            tracing::debug!(%error, "asking the farm again");
            retries_left -= 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn send_once(
        &self,
        url: &Url,
        mut request: RequestBuilder,
        timeout: Duration,
    ) -> Result<Answer, FarmError> {
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request
            .timeout(timeout)
            .send()
            .await
            .map_err(|error| from_reqwest(error, &shown(url), timeout))?;
        Answer::read(response, timeout).await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, FarmError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| FarmError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}

fn http_client(address: &Address, connect_timeout: Duration) -> Result<reqwest::Client, FarmError> {
    static CRYPTOGRAPHY: Once = Once::new();
    // The error says that a provider is there already, which is as good.
    CRYPTOGRAPHY.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });

    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("farmhand/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        // A redirected POST would become a GET, and a page to log in would be taken for an answer.
        .redirect(redirect::Policy::none());
    if address.is_loopback() {
        builder = builder.no_proxy();
    }
    if !address.is_secure() {
        // Reading the system's certificates takes time, and fails where there are none.
        builder = builder.tls_certs_only([]);
    }
    builder
        .build()
        .map_err(|error| from_reqwest(error, &address.shown(), connect_timeout))
}
