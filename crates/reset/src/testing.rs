//! A homeserver that follows a script, for tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use lifeboat_preflight::{
    Credentials, Homeserver, Keeping, NetworkOptions, OwnSession, discover,
    ruma::{OwnedUserId, user_id},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Answers requests in the order of a script, and writes them down.
#[derive(Debug)]
pub(crate) struct ScriptedServer {
    url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Reply>,
    log: Vec<Request>,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) token: bool,
    pub(crate) body: Value,
}

/// One answer of a script.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status and a JSON body.
    Json(u16, Value),
    /// The same, with how many seconds to wait.
    After(u16, &'static str, Value),
    /// A status and any body.
    Raw(u16, &'static str),
    /// The connection ends as soon as the head of the request is there.
    CutBeforeBody,
    /// The connection ends when the whole request is there.
    Cut,
    /// The connection ends in the middle of the body of an answer.
    CutInside,
    /// Nothing comes.
    Silence,
}

/// A refusal as servers write it.
pub(crate) fn refused(status: u16, errcode: &str) -> Reply {
    Reply::Json(status, json!({"errcode": errcode, "error": "No."}))
}

/// How long the tests' client waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_millis(400);

impl ScriptedServer {
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            script: script.into_iter().collect(),
            log: Vec::new(),
        }));
        let task = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                // Its connections end with it.
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(serve(stream, Arc::clone(&state)));
                }
            }
        });
        Self { url, state, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What was asked that the script answered.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.state.lock().unwrap().log.clone()
    }

    pub(crate) async fn homeserver(&self) -> Homeserver {
        let network = NetworkOptions {
            timeout: PATIENCE,
            ..NetworkOptions::default()
        };
        discover(&user(), Some(&self.url), network).await.unwrap()
    }

    /// Signs in with a lent token.
    pub(crate) async fn enter(&self) -> OwnSession {
        let homeserver = self.homeserver().await;
        let token = Credentials::AccessToken("token".into());
        OwnSession::sign_in(&homeserver, &user(), token, Keeping::RemoveAtEnd)
            .await
            .unwrap()
    }

    /// Closes its door: connections come about no more.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whose account it is.
pub(crate) fn user() -> OwnedUserId {
    user_id!("@mira:example.org").to_owned()
}

fn usual(path: &str) -> Option<Reply> {
    match path {
        "/_matrix/client/versions" => Some(Reply::Json(200, json!({"versions": ["v1.11"]}))),
        "/_matrix/client/v3/logout" => Some(Reply::Json(200, json!({}))),
        "/_matrix/client/v3/account/whoami" => Some(Reply::Json(200, json!({"user_id": user(), "device_id": "LENT"}))),
        _ => None,
    }
}

/// What the SDK asks of its own accord when it is signed in is none of the script's business.
fn is_scripted(path: &str) -> bool {
    [
        "/account/password",
        "/_synapse/",
        "/submit",
        "/password_policy",
        "/devices",
        "/login",
    ]
    .iter()
    .any(|it| path.contains(it))
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut length, mut token) = (String::new(), 0, false);
        stream.read_line(&mut first).await.ok()?;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok()?;
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            token |= line.starts_with("authorization: bearer ");
            if line.is_empty() {
                break;
            }
        }
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let reply = usual(&path);
        let scripted = is_scripted(&path);
        let next = || scripted.then(|| state.lock().unwrap().script.pop_front()).flatten();
        let reply = reply.or_else(next);
        let reply = reply.unwrap_or_else(|| refused(404, "M_UNRECOGNIZED"));
        if matches!(reply, Reply::CutBeforeBody) {
            return None;
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        if scripted {
            state.lock().unwrap().log.push(Request {
                method,
                path,
                token,
                body: serde_json::from_slice(&body).unwrap_or_default(),
            });
        }
        let (status, header, body, promised) = match reply {
            Reply::Json(status, body) => (status, String::new(), body.to_string(), 0),
            Reply::After(status, seconds, body) => (status, format!("Retry-After: {seconds}\r\n"), body.to_string(), 0),
            Reply::Raw(status, body) => (status, String::new(), body.to_owned(), 0),
            Reply::CutInside => (200, String::new(), "{".to_owned(), 1),
            Reply::Cut | Reply::CutBeforeBody => return None,
            Reply::Silence => std::future::pending().await,
        };
        let length = body.len() + promised;
        let answer = format!("HTTP/1.1 {status} X\r\n{header}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        if promised > 0 {
            return None;
        }
    }
}
