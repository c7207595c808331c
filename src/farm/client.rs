// SPDX-License-Identifier: Apache-2.0
//! The client itself: how a request is sent, and when it may be repeated.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{IF_RANGE, RANGE};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;

use super::address::{Address, shown};
use super::connection::{Protocols, http_client};
use super::credentials::Badge;
use super::error::FarmError;
use super::models::FlamencoVersion;
use super::options::ClientOptions;
use super::patience::Patience;
use super::transport::{Answer, Failed, from_reqwest};

/// Whether a request may be sent once more when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Asking twice does what asking once does.
    Harmless,
    /// Only when it certainly never left this computer.
    IfNeverSent,
}

/// Some bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What tells the file from another of that name.
    pub tag: Option<String>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A client for one farm. Cloning is cheap, and clones share connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    timeout: Duration,
    submit_timeout: Duration,
    retries: u32,
}

/// What clones share.
struct Shared {
    http: reqwest::Client,
    /// The way there as `http` goes it.
    options: ClientOptions,
    /// For a stream of events, once it was asked for: a connection of HTTP/2 becomes no websocket.
    streams: once_cell::sync::OnceCell<reqwest::Client>,
    address: Address,
    badge: Option<Badge>,
    /// What the farm said of itself when it was greeted.
    greeted: OnceCell<FlamencoVersion>,
}

impl Client {
    /// A client for the farm that the options name. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FarmError::PlainHttp`] where credentials would go unencrypted to another computer and nobody allowed that.
    pub fn new(options: &ClientOptions) -> Result<Self, FarmError> {
        let mut address = Address::parse(&options.base_url)?;
        let badge = options.credentials.as_ref().map(Badge::of).transpose()?;
        let has_secret = badge.is_some() || address.has_credentials();
        if has_secret && !(address.is_secure() || address.is_loopback() || options.allow_plain_http)
        {
            let url = address.shown();
            return Err(FarmError::PlainHttp { url });
        }
        if badge.is_some() {
            address.forget_credentials();
        }
        Ok(Self {
            shared: Arc::new(Shared {
                http: http_client(&address, options, Protocols::All)?,
                options: options.clone(),
                streams: once_cell::sync::OnceCell::new(),
                address,
                badge,
                greeted: OnceCell::new(),
            }),
            timeout: options.timeout,
            submit_timeout: options.submit_timeout,
            retries: options.retries,
        })
    }

    /// The farm's address, without credentials.
    pub fn base_url(&self) -> String {
        self.shared.address.shown()
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

    /// `GET` an answer in JSON, with a query.
    pub async fn get_json_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, FarmError> {
        let mut url = self.shared.address.join(path);
        url.query_pairs_mut().extend_pairs(query);
        self.get_url(url).await?.json()
    }

    /// `GET` so many bytes of a file from the one at `first` on; fewer at its end. A farm that knows no parts sends the whole
    /// file, which is taken where `first` is 0 and refused elsewhere.
    ///
    /// # Errors
    /// Also where the file is not the one any more that had `tag`, an answer's `ETag`.
    pub async fn get_part(
        &self,
        path: &[&str],
        first: u64,
        count: u64,
        tag: Option<&str>,
    ) -> Result<Part, FarmError> {
        let url = self.shared.address.join(path);
        let last = first.saturating_add(count.max(1) - 1);
        let build = || {
            let request = self.shared.http.get(url.clone());
            let request = request.header(RANGE, format!("bytes={first}-{last}"));
            match tag {
                Some(tag) => request.header(IF_RANGE, tag),
                None => request,
            }
        };
        let answer = self.send(&url, build, Repeat::Harmless, self.timeout);
        let answer = answer.await?;
        if first > 0 && !answer.is_part() {
            return Err(FarmError::BadAnswer {
                reason: "it is another file than the one that was begun".to_owned(),
                url: shown(&url),
            });
        }
        Ok(Part {
            tag: answer.tag().map(ToOwned::to_owned),
            bytes: answer.into_bytes(),
        })
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
        self.get_url(self.shared.address.join(path)).await
    }

    /// `GET` what the farm itself named.
    pub(super) async fn get_named(&self, named: &str) -> Result<Answer, FarmError> {
        let url = self
            .shared
            .address
            .file(named)
            .ok_or_else(|| FarmError::BadAnswer {
                reason: format!("it names a file outside the farm, {named:?}"),
                url: self.base_url(),
            })?;
        self.get_url(url).await
    }

    async fn get_url(&self, url: Url) -> Result<Answer, FarmError> {
        let build = || self.shared.http.get(url.clone());
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
        let url = self.shared.address.join(path);
        let build = || self.shared.http.post(url.clone()).json(body);
        self.send(&url, build, repeat, timeout).await
    }

    /// `POST` or `DELETE` without a body.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        repeat: Repeat,
    ) -> Result<Answer, FarmError> {
        let url = self.shared.address.join(path);
        let build = || self.shared.http.request(method.clone(), url.clone());
        self.send(&url, build, repeat, self.timeout).await
    }

    /// `DELETE` with JSON that says what.
    pub(super) async fn delete_json<B: Serialize + ?Sized>(
        &self,
        path: &[&str],
        body: &B,
    ) -> Result<Answer, FarmError> {
        let url = self.shared.address.join(path);
        let build = || self.shared.http.delete(url.clone()).json(body);
        self.send(&url, build, Repeat::Harmless, self.timeout).await
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

    /// A request for a stream of events, with credentials and without a limit of its own, and its URL for messages.
    pub(super) fn stream_request(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<(RequestBuilder, String), FarmError> {
        let Shared {
            address, options, ..
        } = &*self.shared;
        let make = || http_client(address, options, Protocols::Http1);
        let http = self.shared.streams.get_or_try_init(make)?;
        let mut request = http.get(address.join(path)).query(query);
        if let Some(badge) = &self.shared.badge {
            request = badge.on(request);
        }
        Ok((request, self.shown_url(path)))
    }

    /// The URL of a call, for messages.
    pub(super) fn shown_url(&self, path: &[&str]) -> String {
        shown(&self.shared.address.join(path))
    }

    /// For how long a call may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// For how long sending a job may take.
    pub(super) fn submit_timeout(&self) -> Duration {
        self.submit_timeout
    }

    /// What the farm said of itself when it was greeted; clones share it.
    pub(super) fn greeted(&self) -> &OnceCell<FlamencoVersion> {
        &self.shared.greeted
    }

    async fn send(
        &self,
        url: &Url,
        build: impl Fn() -> RequestBuilder,
        repeat: Repeat,
        timeout: Duration,
    ) -> Result<Answer, FarmError> {
        let mut patience = Patience::new(timeout, self.retries);
        loop {
            let once = self.send_once(url, build(), patience.left(), timeout);
            let Failed { error, retry_after } = match once.await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let may_repeat = match repeat {
                Repeat::Harmless => error.is_passing(),
                Repeat::IfNeverSent => error.was_not_carried_out(),
            };
            let pause = may_repeat.then(|| patience.next_pause(retry_after));
            let Some(pause) = pause.flatten() else {
                return Err(error);
            };
            tracing::debug!(%error, ?pause, "asking the farm again");
            tokio::time::sleep(pause).await;
        }
    }

    /// One request, in the time that is left of the call's `timeout`.
    async fn send_once(
        &self,
        url: &Url,
        mut request: RequestBuilder,
        left: Duration,
        timeout: Duration,
    ) -> Result<Answer, Failed> {
        if let Some(badge) = &self.shared.badge {
            request = badge.on(request);
        }
        let response = request
            .timeout(left)
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
