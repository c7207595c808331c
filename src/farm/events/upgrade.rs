// SPDX-License-Identifier: Apache-2.0
//! From an HTTP connection to a websocket (RFC 6455, section 4).

use std::time::Duration;

use reqwest::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{RequestBuilder, Response, StatusCode, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::farm::error::FarmError;
use crate::farm::transport::{Answer, Failed, from_reqwest};

/// What a Manager tells at once is some hundred bytes.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// What one read takes from the connection at most.
const READ_BYTES: usize = 16 * 1024;

/// A websocket over the HTTP client's own connection.
pub(super) type Socket = WebSocketStream<Upgraded>;

/// Asks for a websocket and answers it. Takes as long as the farm does: the caller sets the limit.
pub(super) async fn upgrade(
    request: RequestBuilder,
    url: &str,
    timeout: Duration,
) -> Result<Socket, FarmError> {
    let key = generate_key();
    let response = request
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .send()
        .await
        .map_err(|error| from_reqwest(error, url, timeout))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refused(response, url, timeout).await);
    }
    let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accepted.is_none_or(|accepted| accepted != &derive_accept_key(key.as_bytes())) {
        return Err(no_websocket(url));
    }
    let connection = response
        .upgrade()
        .await
        .map_err(|error| from_reqwest(error, url, timeout))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
        .max_message_size(Some(MAX_MESSAGE_BYTES));
    Ok(WebSocketStream::from_raw_socket(connection, Role::Client, Some(config)).await)
}

async fn refused(response: Response, url: &str, timeout: Duration) -> FarmError {
    match Answer::read(response, timeout).await {
        Ok(_) => no_websocket(url),
        Err(Failed { error, .. }) => error,
    }
}

fn no_websocket(url: &str) -> FarmError {
    FarmError::BadAnswer {
        reason: "it opens no websocket".to_owned(),
        url: url.to_owned(),
    }
}
