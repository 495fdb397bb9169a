//! How fast messages are read when a real Synapse is asked, beside a loop that only asks.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join, stream};
use lifeboat_backup::generate::{Generator, Place};
use lifeboat_tests::{
    api::{Api, segment},
    large_backup::SEED,
    lifeboat::Lifeboat,
    name,
    proxy::{Exchange, Proxy},
    room_key::BACKUP_ALGORITHM,
    server::{Homeserver, Profile, Rank},
};
use matrix_sdk::reqwest::{Client, Method};
use serde_json::{Map, Value, json};

use crate::{
    extent::Extent,
    table::{Bound, Table, of_all, percent, ratio},
};

const ROOMS: u64 = 6;
const KEYS_PER_ROOM: u64 = 10;
const MESSAGES_PER_KEY: u32 = 100;
const RUNS: usize = 7;
/// How many requests are under way at a time, as in a forecast.
const AT_ONCE: usize = 6;

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let rounds = extent.rounds(RUNS);
    let account = Account::make(extent.of(KEYS_PER_ROOM)).await?;
    let requests = account.record().await?;
    let (mut programs, mut loops) = (Vec::new(), Vec::new());
    // One of each first, so that both find the server's caches filled.
    account.check(&account.base_url).await?;
    account.ask(&requests).await?;
    for _ in 0..rounds {
        programs.push(account.check(&account.base_url).await?);
        loops.push(account.ask(&requests).await?);
    }
    let shares: Vec<f64> = programs
        .iter()
        .zip(&loops)
        .map(|(program, bare)| ratio(*bare, *program))
        .collect();
    let events = account.events;
    let mut table = Table::new(
        "Forecast against Synapse",
        extent,
        format!(
            "`lifeboat check` from the start of the program to its end, against a real Synapse on the same machine: {events} \
             messages in {ROOMS} rooms. The bare loop sends the same {} requests, as many at a time, and drops the \
             answers. {rounds} turns of both; the shares are those of the turns.",
            requests.len(),
        ),
    );
    table.row("bare loop, messages", of_all(events, &loops));
    table.row("the program, messages", of_all(events, &programs));
    table.promise("share of the bare loop", &shares, percent, Bound::AtLeast(0.95))?;
    Ok(table)
}

/// An account with messages and a key backup, made by plain requests.
struct Account {
    user_id: String,
    base_url: String,
    token: String,
    http: Client,
    events: u64,
}

impl Account {
    async fn make(keys_per_room: u64) -> Result<Self> {
        let server = Homeserver::find(Profile::Default)?;
        let (localpart, password) = (name::fresh("bench")?, name::fresh("Pass-1")?);
        let registered = server
            .register_with_session(&localpart, &password, Rank::User, "Bench")
            .await?;
        let api = server.api().with_token(&registered.access_token);
        let generator = Generator::new(SEED)?;
        let mut entries = Map::new();
        for room in 0..ROOMS {
            let room_id = make_room(&api).await?;
            let mut sessions = Map::new();
            for number in room * keys_per_room..(room + 1) * keys_per_room {
                let place = Place {
                    room_id: &room_id,
                    start: 0,
                };
                send(&api, &room_id, &generator.contents(place, number, MESSAGES_PER_KEY)?).await?;
                let (id, entry) = generator.entry(number)?;
                sessions.insert(id.to_string(), serde_json::from_str(&entry)?);
            }
            entries.insert(room_id, json!({"sessions": sessions}));
        }
        let auth_data = json!({"public_key": generator.backup_key()?.public_key(), "signatures": {}});
        let version = json!({"algorithm": BACKUP_ALGORITHM, "auth_data": auth_data});
        let made = api.post("/_matrix/client/v3/room_keys/version", &version).await?;
        let version = made["version"].as_str().context("no version")?;
        let path = format!("/_matrix/client/v3/room_keys/keys?version={version}");
        api.put(&path, &json!({"rooms": entries})).await?;
        Ok(Self {
            user_id: registered.user_id.to_string(),
            base_url: server.base_url,
            token: registered.access_token,
            http: Client::new(),
            events: ROOMS * keys_per_room * u64::from(MESSAGES_PER_KEY),
        })
    }

    /// Runs the program, and returns how long it took.
    async fn check(&self, base_url: &str) -> Result<Duration> {
        let lifeboat = Lifeboat::new(["check", &self.user_id, "--homeserver", base_url, "--json"])?;
        let outcome = lifeboat.secret("--access-token-file", &self.token)?.run().await?;
        let forecast = &outcome.json()?["forecast"];
        ensure!(
            forecast["events"]["covered"] == self.events && forecast["complete"] == true,
            "{:#}\n{}",
            forecast["events"],
            outcome.stderr
        );
        Ok(outcome.took)
    }

    /// Finds out what the program asks.
    async fn record(&self) -> Result<Vec<Exchange>> {
        let proxy = Proxy::start(&self.base_url).await?;
        self.check(&proxy.base_url()).await?;
        Ok(proxy.log())
    }

    /// Asks the same: what goes before the messages, then the rooms beside each other and each page by page.
    async fn ask(&self, requests: &[Exchange]) -> Result<Duration> {
        let mut rooms: BTreeMap<&str, Vec<&Exchange>> = BTreeMap::new();
        let (mut before, mut beside) = (Vec::new(), Vec::new());
        for request in requests {
            if request.path.ends_with("/messages") {
                rooms.entry(&request.path).or_default().push(request);
            } else if request.path.ends_with("/room_keys/keys") || request.path.ends_with("/sync") {
                beside.push(request);
            } else {
                before.push(request);
            }
        }
        let start = Instant::now();
        self.ask_each(before).await?;
        let (listing, sync): (Vec<_>, Vec<_>) = beside.into_iter().partition(|it| it.path.ends_with("/keys"));
        let history = async {
            self.ask_each(sync).await?;
            stream::iter(rooms.into_values().map(Ok))
                .try_for_each_concurrent(AT_ONCE, |pages| async move {
                    for page in pages {
                        self.ask_one(page).await?;
                    }
                    Ok(())
                })
                .await
        };
        try_join(self.ask_each(listing), history).await?;
        Ok(start.elapsed())
    }

    async fn ask_each(&self, requests: Vec<&Exchange>) -> Result<()> {
        stream::iter(requests.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |request| self.ask_one(request))
            .await
    }

    async fn ask_one(&self, request: &Exchange) -> Result<()> {
        let query = match request.query.as_str() {
            "" => String::new(),
            query => format!("?{query}"),
        };
        let url = format!("{}{}{query}", self.base_url, request.path);
        let mut asked = self
            .http
            .request(request.method.clone(), url)
            .body(request.request_body.clone());
        if let Some(token) = &request.token {
            asked = asked.bearer_auth(token);
        }
        let mut answer = asked.send().await?;
        // What the program got as a refusal is one here, too.
        ensure!(
            Some(answer.status().as_u16()) == request.status,
            "{} was answered {}",
            request.path,
            answer.status()
        );
        while answer.chunk().await?.is_some() {}
        Ok(())
    }
}

async fn make_room(api: &Api) -> Result<String> {
    let encryption = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    let request = json!({
        "preset": "private_chat",
        "initial_state": [{"type": "m.room.encryption", "state_key": "", "content": encryption}],
    });
    let made = api.post("/_matrix/client/v3/createRoom", &request).await?;
    Ok(made["room_id"].as_str().context("no room id")?.to_owned())
}

async fn send(api: &Api, room_id: &str, contents: &[String]) -> Result<()> {
    let room = segment(room_id);
    stream::iter(contents)
        .map(|content| {
            let room = &room;
            async move {
                let transaction = name::fresh("t")?;
                let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.encrypted/{transaction}");
                let content: Value = serde_json::from_str(content)?;
                api.call(Method::PUT, &path, Some(&content)).await?.ok(&path)
            }
        })
        .buffer_unordered(8)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(())
}
