// SPDX-License-Identifier: Apache-2.0
//! Listens to a farm's stream of events in a task of its own, and opens another whenever it is lost.

use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::pace;
use crate::farm::{Client, Event, EventStream, FarmError, Topic};

/// What is told may wait for the watcher in this number; a farm that has to wait for longer ends the stream.
const WAITING: usize = 256;

/// What came of listening.
#[derive(Debug)]
pub(super) enum News {
    /// From here on everything is told.
    Up,
    /// Something was told.
    Told(Event),
    /// Nothing is told, until the next [`News::Up`].
    Down,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    news: mpsc::Receiver<News>,
    task: AbortHandle,
}

impl Listener {
    /// Begins to listen; must be called within a runtime.
    pub(super) fn start(client: Client) -> Self {
        let (sender, news) = mpsc::channel(WAITING);
        let task = tokio::spawn(listen(client, sender)).abort_handle();
        Self { news, task }
    }

    /// Waits for the next news. May be dropped and called again.
    pub(super) async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            // The task never ends before this does.
            None => std::future::pending().await,
        }
    }

    /// The next news, where there is one already.
    pub(super) fn ready(&mut self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens stream after stream; ends when nobody takes the news.
async fn listen(client: Client, sender: mpsc::Sender<News>) {
    let mut failures = 0;
    loop {
        let began = Instant::now();
        let error = match open(&client).await {
            Ok(stream) => match pass_on(stream, &sender).await {
                Some(error) => error,
                None => return,
            },
            Err(error) => error,
        };
        let lasted = began.elapsed();
        tracing::debug!(%error, ?lasted, "the farm's events are not heard");
        if sender.send(News::Down).await.is_err() {
            return;
        }
        failures = if lasted >= pace::STEADY_STREAM {
            1
        } else {
            failures + 1
        };
        tokio::time::sleep(pace::before_next_stream(failures, error.is_offline())).await;
    }
}

async fn open(client: &Client) -> Result<EventStream, FarmError> {
    let mut stream = client.events().await?;
    for topic in [Topic::AllJobs, Topic::AllWorkers] {
        stream.subscribe(topic).await?;
    }
    Ok(stream)
}

/// Passes events on until the stream is lost, and says how; none where nobody takes them any longer.
async fn pass_on(mut stream: EventStream, sender: &mpsc::Sender<News>) -> Option<FarmError> {
    sender.send(News::Up).await.ok()?;
    loop {
        match stream.next().await {
            Ok(event) => sender.send(News::Told(event)).await.ok()?,
            Err(error) => return Some(error),
        }
    }
}
