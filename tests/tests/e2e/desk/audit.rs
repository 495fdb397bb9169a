//! Looking at every account: the lights are those of the truth table, whatever happens on the way.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    api::Api,
    crowd::{Person, Standing, crowd},
    large_server::LargeServer,
    lifeboat::{Lifeboat, Outcome},
    proxy::{Exchange, Fault, Proxy},
    server::{Homeserver, Profile},
    wait,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// How many of each there are, five hundred in all.
const CROWD: [(Standing, usize); 11] = [
    (Standing::Bare, 400),
    (Standing::Keyless, 42),
    (Standing::Whole, 12),
    (Standing::Locked, 4),
    (Standing::MasterElsewhere, 4),
    (Standing::Unverified, 8),
    (Standing::BackupKeyMissing, 5),
    (Standing::BackupKeyElsewhere, 4),
    (Standing::NoDefaultKey, 5),
    (Standing::NoStorage, 10),
    (Standing::Deactivated, 6),
];

/// What an audit has to say of an account.
fn truth(standing: Standing) -> (&'static str, &'static [&'static str]) {
    match standing {
        Standing::Bare | Standing::Keyless | Standing::Deactivated => ("grey", &[]),
        Standing::Whole => ("amber", &[]),
        Standing::Locked => ("amber", &["account-restricted"]),
        Standing::MasterElsewhere => ("amber", &["secret-under-other-key"]),
        Standing::Unverified => ("red", &["session-not-signed"]),
        Standing::BackupKeyMissing => ("red", &["backup-key-not-in-storage"]),
        Standing::BackupKeyElsewhere => ("red", &["secret-under-other-key"]),
        Standing::NoDefaultKey => ("red", &["no-default-key"]),
        Standing::NoStorage => ("red", &["no-secret-storage", "no-identity"]),
    }
}

struct World {
    homeserver: Homeserver,
    admin: Api,
    people: Vec<Person>,
}

impl World {
    async fn make() -> Result<Self> {
        // Hardly anybody else has accounts there, so that all of them are looked at soon.
        let homeserver = Homeserver::find(Profile::ShortLink)?;
        let people = crowd(&homeserver, &CROWD).await?;
        Ok(Self {
            admin: homeserver.admin().await?,
            homeserver,
            people,
        })
    }

    fn audit(&self, base_url: &str, folder: &Path) -> Result<Lifeboat> {
        let name = self.homeserver.server_name.as_str();
        Lifeboat::new([
            "desk",
            "audit",
            name,
            "--homeserver",
            base_url,
            "--rps",
            "1000",
            "--json",
        ])?
        .arg("--folder")
        .arg(folder)
        .secret("--admin-token-file", self.admin.token().context("a token")?)
    }
}

/// The rows by user id.
fn rows(folder: &Path) -> Result<BTreeMap<String, Value>> {
    let text = fs::read_to_string(folder.join("accounts.jsonl"))?;
    let rows = text.lines().skip(1).map(|it| -> Result<(String, Value)> {
        let row: Value = serde_json::from_str(it)?;
        Ok((row["user"].as_str().context("a user")?.to_owned(), row))
    });
    rows.collect()
}

fn ensure_truth(people: &[Person], rows: &BTreeMap<String, Value>) -> Result<()> {
    for person in people {
        let row = rows
            .get(&person.user_id)
            .with_context(|| format!("{person:?} is missing"))?;
        let (light, codes) = truth(person.standing);
        let is = row["light"] == light && row["codes"] == json!(codes);
        ensure!(is, "{person:?} is not {light} {codes:?}: {row}");
    }
    Ok(())
}

fn ensure_summary(people: &[Person], outcome: &Outcome) -> Result<()> {
    let summary = outcome.json()?;
    for light in ["red", "amber", "grey"] {
        let wanted = people.iter().filter(|it| truth(it.standing).0 == light).count();
        ensure!(summary["lights"][light] == wanted, "{light}: {summary:#}");
    }
    ensure!(summary["lights"]["unknown"] == 1, "{summary:#}");
    ensure!(summary["accounts"] == people.len() + 1, "{summary:#}");
    Ok(())
}

/// Everything is asked with the administrator's own token, and nothing is changed.
fn acts_as_nobody(log: &[Exchange], own: Option<&str>) -> Result<()> {
    let asks = |it: &&Exchange| it.method == Method::GET || it.is(&Method::POST, "/keys/query");
    let changes: Vec<_> = log.iter().filter(|it| !asks(it)).collect();
    ensure!(changes.is_empty(), "{changes:?}");
    let mut tokens = log.iter().filter_map(|it| it.token.as_deref());
    ensure!(tokens.all(|it| Some(it) == own), "another token was used");
    Ok(())
}

#[tokio::test]
async fn the_lights_are_the_truth_also_when_it_is_killed_and_goes_on() -> Result<()> {
    let world = World::make().await?;
    let (homes, people) = (tempfile::tempdir()?, &world.people);
    let base_url = world.homeserver.base_url.as_str();
    // All accounts of the server, whoever else is there.
    let all = homes.path().join("all");
    let outcome = world.audit(base_url, &all)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure_truth(people, &rows(&all)?)?;

    // A list, with somebody who does not exist and a second mention.
    let list = homes.path().join("list.txt");
    let nobody = world.homeserver.user_id("crowd-nobody");
    let mut names: Vec<&str> = people.iter().map(|it| it.user_id.as_str()).collect();
    names.insert(17, &nobody);
    names.push(&nobody);
    fs::write(&list, format!("# Everybody\n\n{}\n", names.join("\n")))?;
    let undisturbed = homes.path().join("undisturbed");
    let by_list = |folder: &Path, base_url: &str| -> Result<Lifeboat> {
        Ok(world.audit(base_url, folder)?.arg("--users").arg(&list))
    };
    let outcome = by_list(&undisturbed, base_url)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let found = rows(&undisturbed)?;
    ensure_truth(people, &found)?;
    ensure!(found[&nobody]["why"] == "no-such-account", "{}", found[&nobody]);
    ensure_summary(people, &outcome)?;
    let csv = fs::read_to_string(undisturbed.join("accounts.csv"))?;
    ensure!(csv.lines().count() == people.len() + 2, "{csv}");

    // Killed and stopped at several moments, it goes on and ends with the same bytes.
    let disturbed = homes.path().join("disturbed");
    for (signal, after) in [
        (Signal::KILL, 9),
        (Signal::INT, 15),
        (Signal::TERM, 5),
        (Signal::KILL, 3),
    ] {
        let proxy = Proxy::start(base_url).await?;
        let (seen, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, hold) = (Arc::clone(&seen), Arc::clone(&held));
        proxy.intercept(move |it| {
            let asked = it.path.ends_with("/devices") && count.fetch_add(1, Ordering::SeqCst) >= after;
            asked.then(|| Fault::Held(Arc::clone(&hold)))
        });
        let running = by_list(&disturbed, &proxy.base_url())?.start()?;
        wait::until("enough accounts", async || {
            Ok((seen.load(Ordering::SeqCst) > after).then_some(()))
        })
        .await?;
        running.signal(signal)?;
        let stopped = running.outcome().await?;
        if signal != Signal::KILL {
            ensure!(
                stopped.code()? == 130 && stopped.stderr.contains("accounts are in"),
                "{stopped}"
            );
        }
        ensure!(!disturbed.join("summary.html").exists(), "it is not done");
        acts_as_nobody(&proxy.log(), world.admin.token())?;
    }
    let outcome = by_list(&disturbed, base_url)?.run().await?;
    ensure!(
        outcome.code()? == 0 && outcome.stderr.contains("Going on after"),
        "{outcome}"
    );
    for name in ["accounts.jsonl", "accounts.csv", "summary.html"] {
        let (one, other) = (fs::read(undisturbed.join(name))?, fs::read(disturbed.join(name))?);
        ensure!(one == other, "{name} differs");
    }
    let mut left: Vec<_> = fs::read_dir(&disturbed)?
        .map(|it| Ok(it?.file_name()))
        .collect::<Result<_>>()?;
    left.sort();
    ensure!(
        left == ["accounts.csv", "accounts.jsonl", "summary.html"],
        "what was killed has left something: {left:?}"
    );
    // A finished one is not begun again, and a folder is of one audit alone.
    let again = by_list(&disturbed, base_url)?.run().await?;
    ensure!(again.code()? == 2 && again.stderr.contains("exists already"), "{again}");
    fs::remove_file(disturbed.join("summary.html"))?;
    let other = world.audit(base_url, &disturbed)?.run().await?;
    ensure!(
        other.code()? == 2 && other.stderr.contains("of other accounts"),
        "{other}"
    );
    Ok(())
}

/// Far slower than anybody is by themselves, and than an audit that is told nothing.
#[tokio::test]
async fn requests_are_as_far_apart_as_told() -> Result<()> {
    let server = LargeServer { accounts: 2, every: 1 };
    let proxy = Proxy::start("http://127.0.0.1:9").await?;
    proxy.intercept(move |it| Some(Fault::Answer(server.answer(&it.path, &it.query, &it.request_body))));
    let base_url = proxy.base_url();
    let audit = Lifeboat::new(["desk", "audit", "example.org", "--homeserver", &base_url])?
        .args(["--rps", "4", "--folder", "audit", "--json"])
        .secret("--admin-token-file", "a token")?;
    let outcome = audit.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let log = proxy.log();
    // Whether there is an Admin API is asked once, as anybody may.
    let asked: Vec<_> = log
        .iter()
        .filter(|it| it.path.starts_with("/_synapse/admin/") && it.token.is_some())
        .map(|it| it.at)
        .collect();
    let [first, .., last] = asked.as_slice() else {
        anyhow::bail!("hardly anything was asked: {log:?}")
    };
    // Four in a second; the first may have been on its way for a moment.
    let least = Duration::from_millis(200) * u32::try_from(asked.len() - 1)?;
    ensure!(asked.len() > 4 && *last - *first >= least, "{asked:?}");
    Ok(())
}

/// As many accounts as a large server has, one in ten with keys: memory does not grow with them.
#[tokio::test]
async fn ten_thousand_accounts_take_no_more_memory_than_a_few() -> Result<()> {
    let peak = async |accounts: usize| -> Result<u64> {
        let server = LargeServer { accounts, every: 10 };
        let proxy = Proxy::start("http://127.0.0.1:9").await?;
        proxy.intercept(move |it| Some(Fault::Answer(server.answer(&it.path, &it.query, &it.request_body))));
        let base_url = proxy.base_url();
        let command = Lifeboat::new([
            "desk",
            "audit",
            "example.org",
            "--homeserver",
            &base_url,
            "--rps",
            "1000",
        ])?
        .args(["--folder", "audit", "--json"])
        .secret("--admin-token-file", "a token")?;
        let mut running = command.start()?;
        let mut peak = 0;
        while running.runs()? {
            peak = running.memory().map_or(peak, |it| it.all);
            proxy.clear();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        let summary = outcome.json()?;
        ensure!(summary["accounts"] == accounts, "{summary:#}");
        ensure!(summary["lights"]["red"] == server.with_keys(), "{summary:#}");
        Ok(peak)
    };
    let (few, many) = (peak(300).await?, peak(10_000).await?);
    ensure!(many < few + 16 * 1024, "{few} KiB became {many} KiB");
    Ok(())
}
