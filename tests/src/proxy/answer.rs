//! What the proxy does instead of passing a request on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// One way for a request to go wrong, or not to reach the server.
#[derive(Clone)]
pub enum Fault {
    /// The proxy answers; the server never hears of the request.
    Answer(Reply),
    /// The connection is closed; the server never hears of the request.
    CutBefore,
    /// Nobody listens any more: every connection is closed, and from now on the kernel refuses new ones.
    Gone,
    /// The server does what was asked; the connection is closed before the answer.
    CutAfter,
    /// The server does what was asked; the connection is closed in the middle of the answer's body.
    CutInside,
    /// The request is passed on with another access token and another query.
    Disguised {
        /// Whose it seems to be.
        token: String,
        /// What stands in the place of its query.
        query: String,
    },
    /// The request is passed on after this long.
    Late(Duration),
    /// The request is passed on when it is released.
    Held(Arc<Notify>),
    /// The server's answer is passed on byte by byte with this pause between bytes.
    Trickle(Duration),
    /// The server does what was asked; the body of its answer comes twice.
    Twice,
    /// The server does what was asked; the JSON of its answer is changed.
    Rewrite(Arc<dyn Fn(Value) -> Value + Send + Sync>),
    /// The proxy answers with JSON that is made piece by piece, however long it gets; `None` ends it.
    Pieces(Arc<dyn Fn(u64) -> Option<Vec<u8>> + Send + Sync>),
}

impl Reply {
    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    /// An answer in any other form.
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// A Matrix error.
    pub fn error(status: u16, errcode: &str, error: &str) -> Self {
        Self::json(status, &serde_json::json!({"errcode": errcode, "error": error}))
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Fault {
    /// Changes the JSON of the server's answer.
    pub fn rewrite(change: impl Fn(Value) -> Value + Send + Sync + 'static) -> Self {
        Self::Rewrite(Arc::new(change))
    }

    /// Answers with pieces, which are numbered from 0.
    pub fn pieces(piece: impl Fn(u64) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::Pieces(Arc::new(piece))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(reply) => f.debug_tuple("Answer").field(reply).finish(),
            Self::CutBefore => f.write_str("CutBefore"),
            Self::Gone => f.write_str("Gone"),
            Self::CutAfter => f.write_str("CutAfter"),
            Self::CutInside => f.write_str("CutInside"),
            Self::Disguised { query, .. } => f.debug_tuple("Disguised").field(query).finish(),
            Self::Late(pause) => f.debug_tuple("Late").field(pause).finish(),
            Self::Held(_) => f.write_str("Held"),
            Self::Trickle(pause) => f.debug_tuple("Trickle").field(pause).finish(),
            Self::Twice => f.write_str("Twice"),
            Self::Rewrite(_) => f.write_str("Rewrite"),
            Self::Pieces(_) => f.write_str("Pieces"),
        }
    }
}
