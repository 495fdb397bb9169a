//! A homeserver of canned answers, for tests.

use std::sync::{Arc, Mutex};

use matrix_sdk::{
    Client, SessionMeta, SessionTokens,
    authentication::matrix::MatrixSession,
    ruma::{OwnedUserId, owned_device_id, user_id},
    store::RoomLoadSettings,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{Caller, Credentials, Homeserver, Keeping, NetworkOptions, OwnSession, discover};

/// Answers requests from a function, and writes them down.
#[derive(Debug)]
pub(crate) struct CannedServer {
    url: String,
    log: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

/// What was asked: the path as sent, and the query decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// How many bytes the answer says it has, where that is not true.
    pub(crate) promised: Option<usize>,
    /// How many seconds the client is to wait (`Retry-After`).
    pub(crate) retry_after: Option<u32>,
}

impl Request {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        Self {
            status: 200,
            body: body.to_string().into_bytes(),
            promised: None,
            retry_after: None,
        }
    }
}

impl Answer {
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self {
            status,
            ..json!({"errcode": code, "error": "no"}).into()
        }
    }
}

/// Answers one request; `None`: the server does not know it.
type Answering = dyn Fn(&Request) -> Option<Answer> + Send + Sync;

impl CannedServer {
    pub(crate) async fn start(answering: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self::speaking(&["v1.11"], answering).await
    }

    /// Starts one that speaks these versions of the specification.
    pub(crate) async fn speaking(
        versions: &'static [&'static str],
        answering: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let answering = move |request: &Request| usual(request, versions).or_else(|| answering(request));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (log, answering): (Arc<Mutex<Vec<Request>>>, Arc<Answering>) = (Arc::default(), Arc::new(answering));
        let task = tokio::spawn({
            let log = Arc::clone(&log);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answering)));
                }
            }
        });
        Self { url, log, task }
    }

    /// Returns what was asked whose path ends with `suffix`, in order.
    pub(crate) fn asked(&self, suffix: &str) -> Vec<Request> {
        self.log
            .lock()
            .unwrap()
            .iter()
            .filter(|it| it.path.ends_with(suffix))
            .cloned()
            .collect()
    }

    /// Signs in with a lent token.
    pub(crate) async fn enter(&self) -> (Homeserver, OwnSession) {
        self.enter_with("token").await
    }

    /// Signs in with this token, which was lent.
    pub(crate) async fn enter_with(&self, token: &str) -> (Homeserver, OwnSession) {
        let homeserver = discover(&user(), Some(&self.url), NetworkOptions::default())
            .await
            .unwrap();
        let token = Credentials::AccessToken(SecretString::from(token));
        let session = OwnSession::sign_in(&homeserver, &user(), token, Keeping::RemoveAtEnd)
            .await
            .unwrap();
        (homeserver, session)
    }

    /// Signs in with the token `old`, in place of which the server gives another at `/refresh`.
    pub(crate) async fn enter_with_new_tokens(&self) -> (Homeserver, Caller) {
        let (homeserver, _) = self.enter().await;
        let client = Client::builder()
            .homeserver_url(homeserver.base_url())
            .handle_refresh_tokens();
        let client = client.build().await.unwrap();
        let session = MatrixSession {
            meta: SessionMeta {
                user_id: user(),
                device_id: owned_device_id!("LIFEBOAT"),
            },
            tokens: SessionTokens {
                access_token: "old".to_owned(),
                refresh_token: Some("first".to_owned()),
            },
        };
        let auth = client.matrix_auth();
        auth.restore_session(session, RoomLoadSettings::default())
            .await
            .unwrap();
        (homeserver, Caller::new(client))
    }
}

impl Drop for CannedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whose account it is.
pub(crate) fn user() -> OwnedUserId {
    user_id!("@mira:example.org").to_owned()
}

fn usual(request: &Request, versions: &[&str]) -> Option<Answer> {
    match request.path.as_str() {
        "/_matrix/client/versions" => Some(json!({"versions": versions}).into()),
        "/_matrix/client/v3/account/whoami" => Some(json!({"user_id": user(), "device_id": "LENT"}).into()),
        _ => None,
    }
}

async fn serve(stream: TcpStream, log: Arc<Mutex<Vec<Request>>>, answering: Arc<Answering>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        stream.read_line(&mut first).await.ok()?;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok()?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let url = format!("http://localhost{}", first.split(' ').nth(1)?);
        let url = matrix_sdk::reqwest::Url::parse(&url).ok()?;
        let query = url
            .query_pairs()
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let request = Request {
            path: url.path().to_owned(),
            query,
        };
        log.lock().unwrap().push(request.clone());
        let answer = answering(&request).unwrap_or_else(|| Answer::error(404, "M_UNRECOGNIZED"));
        let length = answer.promised.unwrap_or(answer.body.len());
        let wait = answer
            .retry_after
            .map(|seconds| format!("Retry-After: {seconds}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Type: application/json\r\n{wait}Content-Length: {length}\r\n\r\n",
            answer.status
        );
        // In one piece: two would wait for each other's acknowledgement.
        stream.write_all(&[head.as_bytes(), &answer.body].concat()).await.ok()?;
        stream.flush().await.ok()?;
        // The rest never comes.
        if answer.promised.is_some() {
            return None;
        }
    }
}
