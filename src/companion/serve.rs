// SPDX-License-Identifier: Apache-2.0
//! The companion's life.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::error::CompanionError;
use super::observe::observe;
use super::options::CompanionOptions;
use super::server;
use super::state::Companion;

/// How long requests in work may still take once the companion is to end.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// Listens and serves until SIGTERM or SIGINT.
pub async fn serve(options: CompanionOptions) -> Result<(), CompanionError> {
    let address = options.listen;
    if !address.ip().is_loopback() && options.token_file.is_none() {
        return Err(CompanionError::Open { address });
    }
    let listen = |source| CompanionError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let stop = CancellationToken::new();
    let signals = tokio::spawn(cancel_on_signal(stop.clone()));
    let served = run(listener, options, stop).await;
    signals.abort();
    served
}

/// Serves on `listener` until `stop`.
pub async fn run(
    listener: TcpListener,
    options: CompanionOptions,
    stop: CancellationToken,
) -> Result<(), CompanionError> {
    let address = listener.local_addr().unwrap_or(options.listen);
    let companion = Arc::new(Companion::new(options)?);
    tracing::info!(%address, manager = companion.client.base_url(), "the companion is up");
    let observing = tokio::spawn(observe(Arc::clone(&companion), stop.clone()));
    let serving = axum::serve(listener, server::app(companion))
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serving => served.map_err(|source| CompanionError::Listen { address, source })?,
        () = patience => tracing::warn!("requests are left without an answer: the companion ends"),
        // It ends before it is asked to only where it cannot begin.
        observed = observing => observed.unwrap_or(Ok(()))?,
    }
    stop.cancel();
    tracing::info!("the companion is down");
    Ok(())
}

#[cfg(unix)]
async fn cancel_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    if let [Ok(mut terminate), Ok(mut interrupt)] = signals {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    }
}

#[cfg(not(unix))]
async fn cancel_on_signal(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
    }
}
