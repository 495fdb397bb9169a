//! A signed-in line to the homeserver that remembers whether it was cut.

use std::sync::atomic::{AtomicBool, Ordering};

use matrix_sdk::{Client, HttpResult, ruma::api::error::ErrorKind};

/// A signed-in client, and whether the server has meanwhile ended its session.
///
/// A revoked token makes every later probe a gap; the whole check is worth nothing then and must say so.
#[derive(Debug)]
pub struct Caller {
    client: Client,
    ended: AtomicBool,
}

impl Caller {
    /// Wraps a signed-in client.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            ended: AtomicBool::new(false),
        }
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for an answer and notes when it says that this session is over (`M_UNKNOWN_TOKEN`).
    pub async fn hear<T>(&self, asked: impl IntoFuture<Output = HttpResult<T>>) -> HttpResult<T> {
        let answer = asked.await;
        if let Err(error) = &answer
            && matches!(
                error.client_api_error_kind(),
                Some(ErrorKind::UnknownToken { .. } | ErrorKind::MissingToken)
            )
        {
            self.ended.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Notes that the server said, in answer to a request that did not pass here, that this session is over.
    pub(crate) fn note_end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Tells whether the server has ended this session.
    pub fn session_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}
