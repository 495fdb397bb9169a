//! Answers of shapes that no server should give: nested, beyond all numbers, no text, without an end.

use std::{collections::BTreeSet, time::Instant};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::counts;
use lifeboat_tests::large_server::LargeServer;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use lifeboat_tests::snapshot::snapshot_of;
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{Attack, attack, change, check, codes};

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

/// How a check with the recovery key must end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// With an error that says this.
    Error(&'static str),
    /// With this status and exactly these findings.
    Finds(i32, &'static [&'static str]),
    /// With one of these statuses and these findings among others: an answer that is under way while the memory fills is
    /// cut off as well.
    FindsAmongOthers(&'static [i32], &'static [&'static str]),
}

impl End {
    fn judge(self, outcome: &Outcome) -> Result<()> {
        let code = outcome.code()?;
        ensure!(!outcome.stderr.contains("panicked"), "it panicked: {outcome}");
        let (statuses, finds) = match &self {
            Self::Error(words) => {
                ensure!(code == 1 && outcome.says(words), "not “{words}”: {outcome}");
                return outcome.ensure_two_sentences();
            }
            Self::Finds(status, finds) => (std::slice::from_ref(status), *finds),
            Self::FindsAmongOthers(statuses, finds) => (*statuses, *finds),
        };
        let mut found = codes(outcome)?;
        let expected: BTreeSet<String> = finds.iter().map(|it| (*it).to_owned()).collect();
        if let Self::FindsAmongOthers(..) = self {
            found.retain(|it| expected.contains(it));
        }
        ensure!(
            statuses.contains(&code) && found == expected,
            "{code} and {found:?} instead of {statuses:?} and {expected:?}: {outcome}"
        );
        Ok(())
    }
}

/// The requests of a check with a forecast, in the order in which one needs the answer of another, and how it ends when
/// they are answered with JSON of another world: with each such answer alike.
const STAGES: [(&[&str], End); 5] = [
    (&["/client/versions"], End::Error("is not a Matrix homeserver")),
    (&["/account/whoami"], End::Error("refused the sign-in")),
    (
        &[
            "/keys/query",
            "/devices",
            "/room_keys/version",
            "/capabilities",
            "/login",
            "/auth_metadata",
            "/server_version",
            "/3pid",
        ],
        End::Finds(
            10,
            &[
                "backup-unknown",
                "coverage-unknown",
                // No key and no address has to be in an answer: one without them says that there are none.
                "no-email",
                "no-identity",
                "recovery-key-not-tested",
                "server-unknown",
                "sessions-unknown",
            ],
        ),
    ),
    // The rooms are then asked for one by one, and the history is read all the same.
    (&["/sync"], End::Finds(10, &["off-switch-unknown", "storage-unknown"])),
    (
        &["/room_keys/keys", "/messages"],
        End::Finds(10, &["backup-not-proven", "coverage-partial"]),
    ),
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
        for (stage, end) in STAGES {
            let proxy = Proxy::start(&account.homeserver.base_url).await?;
            let body = body.clone();
            proxy.intercept(move |it| {
                stage
                    .iter()
                    .any(|end| it.path.ends_with(end))
                    .then(|| reply(body.clone()))
            });
            let outcome = check(&account, &proxy.base_url())?.arg("--no-cache").run().await?;
            end.judge(&outcome).with_context(|| format!("{name} at {stage:?}"))?;
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
    for (path, length, memory, end) in [
        ("/client/versions", ENDLESS, 200, End::Error("more than 1 MiB")),
        (
            "/keys/query",
            ENDLESS,
            MEMORY,
            End::FindsAmongOthers(
                &[10, 11],
                &["backup-not-trusted", "identity-unknown", "sessions-unknown"],
            ),
        ),
        (
            "/sync",
            ENDLESS,
            MEMORY,
            End::FindsAmongOthers(&[10], &["off-switch-unknown", "storage-unknown"]),
        ),
        (
            "/messages",
            ENDLESS,
            MEMORY,
            End::FindsAmongOthers(&[10], &["coverage-partial"]),
        ),
        // Read piece by piece, and dropped: with its length the time grows, and the memory does not.
        (
            "/room_keys/keys",
            64 << 20,
            200,
            End::Finds(10, &["backup-not-proven", "coverage-partial"]),
        ),
    ] {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        proxy.intercept(move |it| it.path.ends_with(path).then(|| endless(length)));
        let began = Instant::now();
        let outcome = check(&account, &proxy.base_url())?.arg("--no-cache").run().await?;
        let most = outcome.memory.all;
        let (took, code) = (began.elapsed(), outcome.code()?);
        counts::tell(format_args!(
            "{path} without an end: {most} KiB, {took:?}, ended with {code}"
        ))?;
        end.judge(&outcome).with_context(|| format!("{path} without an end"))?;
        ensure!(most < memory << 10, "{path}: {most} KiB");
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
    End::Finds(10, &["coverage-partial"]).judge(&outcome)?;
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
