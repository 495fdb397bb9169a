//! The HTTP side of the proxy.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, header};
use hyper_util::rt::TokioIo;
use matrix_sdk::bytes::Bytes;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Exchange, Fault, Reply, Shared};

/// Headers that belong to one connection, or that change with the body.
const OF_THE_CONNECTION: [header::HeaderName; 4] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::HOST,
];

type Frames = StreamBody<BoxStream<'static, Result<Frame<Bytes>>>>;

/// Takes connections until it is aborted, and their tasks with it, or until nobody is to listen any more.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            biased;
            () = shared.gone.notified() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => return,
            },
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&shared)));
            // An error is a connection that was cut, by us or by the client.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
    let address = listener.local_addr();
    drop(listener);
    // Nobody else gets the port: a client that comes again must meet nobody, not another test's server.
    let _place = address.and_then(hold);
    drop(connections);
    pending::<()>().await;
}

/// Takes a place and does not listen there.
fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Answers one request. An error closes the connection without an answer.
async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Frames>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let text = |name| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let exchange = Exchange {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        user_agent: text(header::USER_AGENT).to_owned(),
        token: text(header::AUTHORIZATION).strip_prefix("Bearer ").map(str::to_owned),
        request_body: body.to_vec(),
        status: None,
        at: shared.started.elapsed(),
    };
    let known = exchange.path.starts_with(&shared.prefix);
    let (number, fault) = shared.receive(exchange);
    let nowhere = || Fault::Answer(Reply::text(404, "text/html", "<h1>Not found</h1>"));
    let fault = if known { fault } else { Some(nowhere()) };
    let response = match fault {
        None => forward(&head, body, &shared).await?.map(whole),
        Some(Fault::Answer(reply)) => from_reply(&reply)?.map(whole),
        Some(Fault::CutBefore) => bail!("cut before the request was passed on"),
        Some(Fault::Gone) => {
            shared.gone.notify_one();
            // Ends with its connection, once nobody listens: a client that is told earlier could still get through.
            return pending().await;
        }
        Some(Fault::CutAfter) => {
            forward(&head, body, &shared).await?;
            bail!("cut before the answer")
        }
        Some(Fault::CutInside) => forward(&head, body, &shared).await?.map(cut),
        Some(Fault::Disguised { token, query }) => {
            let mut head = head.clone();
            head.headers
                .insert(header::AUTHORIZATION, format!("Bearer {token}").parse()?);
            head.uri = format!("{}?{query}", head.uri.path()).parse()?;
            forward(&head, body, &shared).await?.map(whole)
        }
        Some(Fault::Late(pause)) => {
            sleep(pause).await;
            forward(&head, body, &shared).await?.map(whole)
        }
        Some(Fault::Held(release)) => {
            release.notified().await;
            forward(&head, body, &shared).await?.map(whole)
        }
        Some(Fault::Trickle(pause)) => forward(&head, body, &shared).await?.map(|body| trickle(body, pause)),
        Some(Fault::Twice) => forward(&head, body, &shared)
            .await?
            .map(|body| whole(body.repeat(2).into())),
        Some(Fault::Pieces(piece)) => {
            let numbers = stream::iter(0..).map(move |number| piece(number));
            let pieces = numbers.take_while(|it| std::future::ready(it.is_some()));
            let frames = pieces.map(|it| Ok(Frame::data(it.unwrap_or_default().into())));
            Response::builder()
                .header(header::CONTENT_TYPE, "application/json")
                .body(StreamBody::new(frames.boxed()))?
        }
        Some(Fault::Rewrite(change)) => {
            let (head, body) = forward(&head, body, &shared).await?.into_parts();
            let body = change(serde_json::from_slice(&body)?);
            Response::from_parts(head, whole(serde_json::to_vec(&body)?.into()))
        }
    };
    shared.answered(number, response.status().as_u16());
    Ok(response)
}

/// Passes a request on. The answer's body is complete, so that no failure of the server's looks like one of ours.
async fn forward(head: &hyper::http::request::Parts, body: Bytes, shared: &Shared) -> Result<Response<Bytes>> {
    let target = head.uri.path_and_query().context("a request without a path")?.as_str();
    let target = target
        .strip_prefix(&shared.prefix)
        .context("a request for somebody else")?;
    let mut headers = head.headers.clone();
    OF_THE_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
    let request = shared
        .http
        .request(head.method.clone(), format!("{}{target}", shared.upstream));
    let answer = request.headers(headers).body(body).send().await?;
    let status = answer.status();
    let mut headers: HeaderMap = answer.headers().clone();
    OF_THE_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
    let mut response = Response::new(answer.bytes().await?);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn from_reply(reply: &Reply) -> Result<Response<Bytes>> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(reply.body.clone().into())?)
}

fn cut(body: Bytes) -> Frames {
    let half = Ok(Frame::data(body.slice(..body.len() / 2)));
    // Lets the first half reach the client before the connection breaks.
    let end = stream::once(async {
        sleep(Duration::from_millis(50)).await;
        bail!("cut in the middle of the body")
    });
    StreamBody::new(stream::iter([half]).chain(end).boxed())
}

fn trickle(body: Bytes, pause: Duration) -> Frames {
    let bytes = stream::iter(0..body.len()).then(move |at| {
        let byte = body.slice(at..=at);
        async move {
            sleep(pause).await;
            Ok(Frame::data(byte))
        }
    });
    StreamBody::new(bytes.boxed())
}

fn whole(body: Bytes) -> Frames {
    StreamBody::new(stream::iter([Ok(Frame::data(body))]).boxed())
}
