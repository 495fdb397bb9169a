//! Ways to a server that are not the usual one: through proxies, over IPv6, below a path.

use std::net::{IpAddr, Ipv6Addr};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, History, TestAccount, Way},
    lifeboat::Lifeboat,
    proxy::{Exchange, Proxy},
    tls::{Certificate, TlsServer, authority},
    tunnel::Tunnel,
};
use matrix_sdk::reqwest::Method;

/// A name that no network knows.
const NOWHERE: &str = "http://matrix.lifeboat.invalid";

async fn account() -> Result<TestAccount> {
    let history = History {
        rooms: 1,
        messages_each: 2,
        messages_per_key: 2,
    };
    AccountSpec::healthy(Way::Key).history(history).build().await
}

fn command(name: &str, account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("a recovery key")?;
    Lifeboat::new([name, account.user_id.as_str(), "--homeserver", base_url])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)
}

/// An HTTP proxy hears whole addresses, and resolves them itself: what only it knows is reached through it, and only then.
#[tokio::test]
async fn a_proxy_leads_where_nothing_else_does() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let check = || -> Result<Lifeboat> { Ok(command("check", &account, NOWHERE)?.arg("--allow-insecure-http")) };
    let direct = check()?.run().await?;
    ensure!(
        direct.code()? == 1 && direct.stderr.contains("does not exist"),
        "{direct}"
    );

    for through in [
        check()?.args(["--proxy", &proxy.base_url()]),
        check()?.env("HTTP_PROXY", proxy.base_url()),
        check()?.env("ALL_PROXY", proxy.base_url()),
    ] {
        proxy.clear();
        let outcome = through.run().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        let log = proxy.log();
        let asked = |method, end: &str| log.iter().any(|it| it.is(&method, end));
        ensure!(
            asked(Method::POST, "/v3/login") && asked(Method::POST, "/v3/logout"),
            "{log:?}"
        );
        ensure!(
            asked(Method::GET, "/room_keys/keys"),
            "the listing went another way: {log:?}"
        );
    }
    let named = check()?
        .args(["--proxy", &proxy.base_url()])
        .env("NO_PROXY", "lifeboat.invalid");
    ensure!(named.run().await?.code()? == 1, "NO_PROXY is not heeded");

    // A server on this machine is reached directly: what is not encrypted must not leave it.
    proxy.clear();
    let here = command("check", &account, &account.homeserver.base_url)?.args(["--proxy", &proxy.base_url()]);
    ensure!(
        here.run().await?.code()? == 0 && proxy.log().is_empty(),
        "{:?}",
        proxy.log()
    );

    for (address, words) in [
        ("socks5://a:1", "not one of an HTTP proxy"),
        ("http://me:hunter2@a:1", "a name or a password"),
    ] {
        let refused = check()?.args(["--proxy", address]).run().await?;
        ensure!(refused.code()? == 2 && refused.stderr.contains(words), "{refused}");
        ensure!(!refused.stderr.contains("hunter2"), "{refused}");
    }
    Ok(())
}

/// What is encrypted goes through the tunnel that a proxy opens, and its certificate is checked at this end.
#[tokio::test]
async fn a_proxy_passes_encrypted_connections_on() -> Result<()> {
    let tunnel = Tunnel::start().await?;
    let check = |server: &TlsServer| -> Result<Lifeboat> {
        let address = format!("https://{}", server.server_name());
        let check = Lifeboat::new(["check", "@a:example.org", "--quick", "--homeserver", &address])?;
        let check = check.env("HTTPS_PROXY", tunnel.url());
        check
            .arg("--ca-file")
            .arg(authority())
            .secret("--password-file", "a password that no account has")
    };
    let good = TlsServer::start(Certificate::Good, |_| (200, "application/json", "{}".to_owned())).await?;
    let outcome = check(&good)?.run().await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("JSON without versions"),
        "{outcome}"
    );
    ensure!(tunnel.opened() > 0, "it went another way");
    let bad = TlsServer::start(Certificate::OtherName, |_| (200, "application/json", "{}".to_owned())).await?;
    let outcome = check(&bad)?.run().await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("belongs to another name"),
        "{outcome}"
    );
    Ok(())
}

/// A check and a whole reset at a server that has an IPv6 address, a port and a path.
#[tokio::test]
async fn a_server_may_lie_below_a_path_at_an_ipv6_address() -> Result<()> {
    let account = account().await?;
    let here = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let server = Proxy::start_below(here, "/for/us", &account.homeserver.base_url).await?;
    ensure!(server.base_url().starts_with("http://[::1]:"), "{}", server.base_url());
    for address in [server.base_url(), format!("{}/", server.base_url())] {
        let checked = command("check", &account, &address)?.run().await?;
        ensure!(checked.code()? == 0, "{checked}");
    }
    let reset = command("reset", &account, &server.base_url())?.secret("--new-password-file", "New-Password-2")?;
    let reset = reset.args(["--yes", "--end-sessions"]).run().await?;
    ensure!(reset.code()? == 0, "{reset}");
    let elsewhere: Vec<_> = server
        .log()
        .into_iter()
        .filter(|it| !it.path.starts_with("/for/us/"))
        .collect();
    ensure!(elsewhere.is_empty(), "{elsewhere:?}");
    // Nobody is told that the person is there.
    let log = server.log();
    let syncs: Vec<_> = log.iter().filter(|it| it.path.ends_with("/sync")).collect();
    let hidden = |it: &&&Exchange| it.query.contains("set_presence=offline");
    ensure!(
        !syncs.is_empty() && syncs.iter().filter(hidden).count() == syncs.len(),
        "{syncs:?}"
    );
    Ok(())
}
