//! A client-server API client that sends and shows plain JSON, also such as no client library would send.

use anyhow::{Context, Result, ensure};
use matrix_sdk::reqwest::{Client, Method, header};
use serde_json::Value;

/// Sends requests to one server, with or without an access token.
///
/// It belongs to the runtime it was made in, as its connections do.
#[derive(Clone, Debug)]
pub struct Api {
    http: Client,
    base_url: String,
    token: Option<String>,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` when it is not JSON.
    pub body: Value,
}

impl Api {
    /// Talks to the server at `base_url` as nobody in particular.
    pub fn new(base_url: &str) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self {
            http: Client::new(),
            base_url,
            token: None,
        }
    }

    /// Talks to the server at `base_url` through a client of one's own.
    pub(crate) fn through(http: Client, base_url: &str) -> Self {
        Self {
            http,
            ..Self::new(base_url)
        }
    }

    /// Talks to the same server as the holder of an access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The server's address, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The access token, if any.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends one request. `path` begins with a slash and its segments are encoded already, see [`segment`].
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base_url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .body(serde_json::to_vec(body)?);
        }
        let response = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = response.status().as_u16();
        let body = serde_json::from_slice(&response.bytes().await?).unwrap_or(Value::Null);
        Ok(Answer { status, body })
    }

    /// Sends a GET that must succeed.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await?.ok(path)
    }

    /// Sends a GET whose failure is an answer too.
    pub async fn try_get(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, None).await
    }

    /// Sends a POST that must succeed.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await?.ok(path)
    }

    /// Sends a POST whose failure is an answer too.
    pub async fn try_post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Sends a PUT that must succeed.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(body)).await?.ok(path)
    }

    /// Sends a DELETE that must succeed.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        self.call(Method::DELETE, path, None).await?.ok(path)
    }
}

impl Answer {
    /// The body of a success; anything else is an error that says what was asked.
    pub fn ok(self, asked: &str) -> Result<Value> {
        ensure!(
            (200..300).contains(&self.status),
            "{asked} was answered {}: {}",
            self.status,
            self.body
        );
        Ok(self.body)
    }

    /// The `errcode` of a refusal, or the empty string.
    pub fn errcode(&self) -> &str {
        self.body["errcode"].as_str().unwrap_or_default()
    }
}

/// Encodes one segment of a path: session ids, for one, contain slashes.
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_keeps_only_what_no_path_interprets() {
        assert_eq!(segment("a/b+c=~@x:y"), "a%2Fb%2Bc%3D~%40x%3Ay");
        assert_eq!(segment("ü"), "%C3%BC");
    }
}
