//! Answers of shapes that no server should give: nested, beyond all numbers, no text, without an end.

use std::time::Instant;

use anyhow::{Result, ensure};
use lifeboat_tests::counts;
use lifeboat_tests::large_server::LargeServer;
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use lifeboat_tests::snapshot::snapshot_of;
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{Attack, attack, change, check};

const LEVELS: usize = 100_000;
/// What a server sends before it gives up on its own: more than any answer may take.
const ENDLESS: u64 = 2 << 30;
const PIECE: usize = 1 << 20;
/// What Lifeboat may have of the memory of a machine, in MiB: much less than what was sent.
const MEMORY: u64 = 900;

fn reply(body: Vec<u8>) -> Fault {
    let mut reply = Reply::json(200, &Value::Null);
    reply.body = body;
    Fault::Answer(reply)
}

fn nested() -> Vec<u8> {
    let (open, close) = ("{\"a\":[".repeat(LEVELS / 2), "]}".repeat(LEVELS / 2));
    format!("{open}{close}").into_bytes()
}

/// The requests of a check with a forecast, in the order in which one needs the answer of another.
const STAGES: [&[&str]; 5] = [
    &["/client/versions"],
    &["/account/whoami"],
    &[
        "/keys/query",
        "/devices",
        "/room_keys/version",
        "/capabilities",
        "/login",
        "/auth_metadata",
        "/3pid",
    ],
    &["/sync"],
    &["/room_keys/keys", "/messages"],
];

#[tokio::test]
async fn answers_that_are_no_json_of_this_world() -> Result<()> {
    let account = super::account().await?;
    let before = snapshot_of(&account).await?;
    for (name, body) in [
        ("nested", nested()),
        (
            "no text",
            b"{\"versions\": [\"\xff\xfe\xc0\"], \"rooms\": {\"\xff\": 1}}".to_vec(),
        ),
        (
            "numbers",
            b"{\"count\": 99999999999999999999999999, \"versions\": -1e999, \"chunk\": [1e400]}".to_vec(),
        ),
    ] {
        for stage in STAGES {
            let proxy = Proxy::start(&account.homeserver.base_url).await?;
            let body = body.clone();
            proxy.intercept(move |it| {
                stage
                    .iter()
                    .any(|end| it.path.ends_with(end))
                    .then(|| reply(body.clone()))
            });
            let outcome = check(&account, &proxy.base_url())?.arg("--no-cache").run().await?;
            let told = || format!("{name} at {stage:?}: {outcome}");
            ensure!(
                [1, 10, 11].contains(&outcome.code()?) && !outcome.stderr.contains("panicked"),
                "{}",
                told()
            );
        }
    }
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn numbers_that_do_not_fit() -> Result<()> {
    let account = super::account().await?;
    let user = account.user_id.to_string();
    let attacks = vec![
        Attack::new(
            "more entries than there are numbers",
            change(Method::GET, "/room_keys/version", |it| it["count"] = json!(u64::MAX)),
            &["backup-unknown", "coverage-unknown", "recovery-key-not-tested"],
        ),
        Attack::new(
            "less than no entries",
            change(Method::GET, "/room_keys/version", |it| it["count"] = json!(-1)),
            &["backup-unknown", "coverage-unknown", "recovery-key-not-tested"],
        ),
        Attack::new(
            "a version that is a number",
            change(Method::GET, "/room_keys/version", |it| it["version"] = json!(1)),
            &["backup-unknown", "coverage-unknown", "recovery-key-not-tested"],
        ),
        Attack::new(
            "a session that was last seen after the end of time",
            change(Method::GET, "/devices", |it| {
                it["devices"][0]["last_seen_ts"] = json!(u64::MAX)
            }),
            &["backup-not-proven", "coverage-unknown", "sessions-unknown"],
        ),
        Attack::new(
            "a public key that is a list",
            change(Method::GET, "/room_keys/version", |it| {
                it["auth_data"]["public_key"] = json!([1, 2])
            }),
            &["backup-algorithm-unknown", "coverage-unknown"],
        ),
        Attack::new(
            "a key object with ten thousand keys",
            change(Method::POST, "/keys/query", move |it| {
                let keys = (0..10_000)
                    .map(|number| (format!("ed25519:{number}"), json!("AAAA")))
                    .collect();
                it["master_keys"][&user]["keys"] = Value::Object(keys);
            }),
            &[
                "backup-not-proven",
                "backup-not-trusted",
                "coverage-unknown",
                "identity-badly-signed",
                "identity-incomplete",
                "session-not-signed",
            ],
        ),
    ];
    let number = attack(&account, attacks, &["--quick"]).await?;
    Ok(counts::tell(format_args!(
        "hostile servers: {number} attacks with numbers"
    ))?)
}

/// Text without an end; a hostile server would never stop.
fn endless(length: u64) -> Fault {
    Fault::pieces(move |number| match number {
        0 => Some(b"{\"error\": \"".to_vec()),
        _ => (number * PIECE as u64 <= length).then(|| vec![b'a'; PIECE]),
    })
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut_off_before_the_memory_is_full() -> Result<()> {
    let account = super::account().await?;
    for (end, length, memory) in [
        ("/client/versions", ENDLESS, 200),
        ("/keys/query", ENDLESS, MEMORY),
        ("/sync", ENDLESS, MEMORY),
        ("/messages", ENDLESS, MEMORY),
        // Read piece by piece, and dropped: with its length the time grows, and the memory does not.
        ("/room_keys/keys", 64 << 20, 200),
    ] {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        proxy.intercept(move |it| it.path.ends_with(end).then(|| endless(length)));
        let began = Instant::now();
        let outcome = check(&account, &proxy.base_url())?.arg("--no-cache").run().await?;
        let most = outcome.memory.all;
        let (took, code) = (began.elapsed(), outcome.code()?);
        counts::tell(format_args!(
            "{end} without an end: {most} KiB, {took:?}, ended with {code}"
        ))?;
        ensure!([1, 10, 11].contains(&outcome.code()?), "{end}: {outcome}");
        ensure!(most < memory << 10, "{end}: {most} KiB");
    }
    Ok(())
}

/// Ever new tokens that lead to ever the same page.
#[tokio::test]
async fn pages_without_an_end_are_given_up() -> Result<()> {
    let account = super::account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut page = 0_u64;
    proxy.intercept(move |it: &Exchange| {
        page += 1;
        let answer = json!({"start": format!("s{page}"), "end": format!("e{page}"), "chunk": []});
        it.path
            .ends_with("/messages")
            .then(|| Fault::Answer(Reply::json(200, &answer)))
    });
    let outcome = check(&account, &proxy.base_url())?.arg("--no-cache").run().await?;
    ensure!([10, 11].contains(&outcome.code()?), "{outcome}");
    let forecast = &outcome.json()?["forecast"];
    ensure!(forecast["complete"] == false, "{forecast:#}");
    let asked = proxy.log().iter().filter(|it| it.path.ends_with("/messages")).count();
    ensure!(asked <= account.rooms.len() * 1_001, "{asked} pages");
    ensure!(asked > 0, "nothing was asked");
    Ok(())
}

/// Lists of accounts that go on for ever, for an administrator who looks at all of them. When the server has come to its
/// senses, the same command ends the audit.
#[tokio::test]
async fn a_list_of_accounts_without_an_end_is_given_up_and_goes_on_later() -> Result<()> {
    const LISTED: &str = "/_synapse/admin/v2/users";
    let server = LargeServer {
        accounts: 250,
        every: 10,
    };
    let sane = move |it: &Exchange| server.answer(&it.path, &it.query, &it.request_body);
    for (name, most, token) in [("ever the same token", 2, Some("100")), ("ever new tokens", 110, None)] {
        let proxy = Proxy::start("http://127.0.0.1:9").await?;
        let mut page = 0_u64;
        proxy.intercept(move |it| {
            let mut reply = sane(it);
            if it.path == LISTED {
                page += 1;
                let next = token.map_or_else(|| format!("token{page}"), str::to_owned);
                let users: Vec<_> = (0..3)
                    .map(|it| json!({"name": format!("@u{it}:example.org")}))
                    .collect();
                reply = Reply::json(200, &json!({"users": users, "total": 3, "next_token": next}));
            }
            Some(Fault::Answer(reply))
        });
        let folder = tempfile::tempdir()?;
        let audit = || -> Result<Lifeboat> {
            let base_url = proxy.base_url();
            Lifeboat::new(["desk", "audit", "example.org", "--homeserver", &base_url])?
                .args(["--rps", "1000", "--json", "--folder"])
                .arg(folder.path().join("audit"))
                .secret("--admin-token-file", "a token")
        };
        let outcome = audit()?.run().await?;
        ensure!(outcome.code()? == 1, "{name}: {outcome}");
        let said = outcome.words();
        for words in ["leads in circles", "3 accounts are in", "it goes on where it was"] {
            ensure!(said.contains(words), "{name}: {words}: {outcome}");
        }
        let asked = proxy.log().iter().filter(|it| it.path == LISTED).count();
        ensure!((2..=most).contains(&asked), "{name}: {asked} pages");
        let rows = std::fs::read_to_string(folder.path().join("audit/accounts.jsonl"))?;
        ensure!(rows.lines().count() == 4, "{name}: {rows}");
        ensure!(!folder.path().join("audit/summary.html").exists(), "{name}: not done");

        proxy.intercept(move |it| Some(Fault::Answer(sane(it))));
        let outcome = audit()?.run().await?;
        ensure!(
            outcome.code()? == 0 && outcome.says("Going on after 3 accounts."),
            "{name}: {outcome}"
        );
        ensure!(outcome.json()?["accounts"] == server.accounts, "{name}: {outcome}");
    }
    Ok(())
}
