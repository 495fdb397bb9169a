//! The proxy.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Result, ensure};
use lifeboat_tests::api::Api;
use lifeboat_tests::proxy::{Fault, Proxy, Reply};
use lifeboat_tests::server::{Homeserver, Profile};
use matrix_sdk::reqwest::{self, Method};
use serde_json::json;
use tokio::net::TcpStream;

const PATH: &str = "/_matrix/client/versions";

async fn proxy() -> Result<(Proxy, Api)> {
    let proxy = Proxy::start(&Homeserver::find(Profile::Default)?.base_url).await?;
    let api = Api::new(&proxy.base_url());
    Ok((proxy, api))
}

#[tokio::test]
async fn requests_pass_and_are_written_down() -> Result<()> {
    let (proxy, api) = proxy().await?;
    let through = api.get(PATH).await?;
    let direct = Homeserver::find(Profile::Default)?.api().get(PATH).await?;
    assert_eq!(through, direct);
    let refused = api
        .with_token("nonsense")
        .try_get("/_matrix/client/v3/devices?x=1")
        .await?;
    assert_eq!((refused.status, refused.errcode()), (401, "M_UNKNOWN_TOKEN"));

    let log = proxy.log();
    let seen: Vec<_> = log
        .iter()
        .map(|it| (it.path.as_str(), it.query.as_str(), it.status))
        .collect();
    assert_eq!(
        seen,
        [(PATH, "", Some(200)), ("/_matrix/client/v3/devices", "x=1", Some(401))]
    );
    assert_eq!(log[1].token.as_deref(), Some("nonsense"));
    proxy.clear();
    assert!(proxy.log().is_empty());
    Ok(())
}

#[tokio::test]
async fn hooks_answer_and_rewrite() -> Result<()> {
    let (proxy, api) = proxy().await?;
    proxy.intercept(|exchange| {
        let reply = Reply::error(429, "M_LIMIT_EXCEEDED", "slow down").header("Retry-After", "7");
        exchange.is(&Method::GET, "/versions").then_some(Fault::Answer(reply))
    });
    let answer = reqwest::get(format!("{}{PATH}", proxy.base_url())).await?;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["Retry-After"]),
        (429, &"7".parse()?)
    );

    proxy.intercept(|_| {
        Some(Fault::rewrite(|mut body| {
            body["versions"] = json!(["v9.9"]);
            body
        }))
    });
    let answer = api.get(PATH).await?;
    assert_eq!(answer["versions"], json!(["v9.9"]));
    assert!(answer["unstable_features"].is_object());
    proxy.let_through();
    assert_ne!(api.get(PATH).await?["versions"], json!(["v9.9"]));
    Ok(())
}

#[tokio::test]
async fn a_request_can_be_passed_on_as_somebody_elses() -> Result<()> {
    const WHO: &str = "/_matrix/client/v3/account/whoami";
    let (proxy, api) = proxy().await?;
    let admin = Homeserver::find(Profile::Default)?.admin().await?;
    let token = admin.token().map(str::to_owned).unwrap_or_default();
    proxy.intercept(move |exchange| {
        let (token, query) = (token.clone(), "x=2".to_owned());
        exchange
            .path
            .ends_with("/whoami")
            .then_some(Fault::Disguised { token, query })
    });
    let nobody = api.with_token("nonsense");
    assert_eq!(nobody.get(&format!("{WHO}?x=1")).await?, admin.get(WHO).await?);
    // What is written down is what came.
    assert_eq!(proxy.log()[0].token.as_deref(), Some("nonsense"));
    assert_eq!(proxy.log()[0].query, "x=1");
    Ok(())
}

#[tokio::test]
async fn connections_break_where_they_should() -> Result<()> {
    let (proxy, api) = proxy().await?;
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        let name = format!("{fault:?}");
        proxy.intercept(move |_| Some(fault.clone()));
        assert!(api.try_get(PATH).await.is_err(), "{name}");
    }
    proxy.intercept(|_| Some(Fault::CutInside));
    let answer = reqwest::get(format!("{}{PATH}", proxy.base_url())).await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());

    proxy.intercept(|_| Some(Fault::Late(Duration::from_secs(60))));
    let impatient = reqwest::Client::builder().timeout(Duration::from_millis(50)).build()?;
    let answer = impatient.get(format!("{}{PATH}", proxy.base_url())).send().await;
    assert!(answer.is_err_and(|error| error.is_timeout()));

    proxy.intercept(|_| Some(Fault::Trickle(Duration::from_micros(10))));
    assert!(api.get(PATH).await?["versions"].is_array());
    Ok(())
}

/// Nobody listens there any more, and nobody else can come to listen there: the kernel refuses.
#[tokio::test]
async fn a_server_that_is_gone_is_refused_by_the_kernel() -> Result<()> {
    let (proxy, api) = proxy().await?;
    api.get(PATH).await?;
    proxy.intercept(|_| Some(Fault::Gone));
    ensure!(api.try_get(PATH).await.is_err(), "it was answered");
    let address = proxy.base_url().trim_start_matches("http://").to_owned();
    for _ in 0..3 {
        let refused = TcpStream::connect(&address).await.map(drop).map_err(|it| it.kind());
        ensure!(refused == Err(ErrorKind::ConnectionRefused), "{refused:?}");
    }
    proxy.let_through();
    ensure!(api.try_get(PATH).await.is_err(), "it is there again");
    ensure!(proxy.log().len() == 2, "{:?}", proxy.log());
    Ok(())
}
