//! Checks at homeservers of other kinds, from their answers as they were seen.
//!
//! Each canned answer says what it is from: words in quotes are what the project's facts state of Conduit 0.10.12 under
//! "Conduit family, seen (Conduit 0.10.12) or read (tuwunel 1.9)". Where they state nothing, the answer is what the
//! specification asks of every server.

use lifeboat_backup::generate::{BackupSize, Generator, Place};
use lifeboat_report::{
    Closed, Code, Fact, Facts, Fate, Gap, Report, Route, Standing, Verdict,
    facts::{BackupOpening, DefaultKey, Identity, KeyTrial, PasswordChange},
    testing::{TAKEN_AT, candidate, healthy_facts},
};
use serde_json::{Value, json};

use super::*;
use crate::{
    EventProofWish, ForecastOptions, ForecastProgress, LeftRooms, OlderVersions, recovery_key,
    testing::{Answer, CannedServer, Request, user},
};

/// An error as Conduit words it: "`error` texts start with the errcode".
fn conduit_error(status: u16, code: &str) -> Answer {
    Answer {
        status,
        ..json!({"errcode": code, "error": format!("{code}: Not so.")}).into()
    }
}

/// Answers of Conduit 0.10.12: no `m.change_password` capability, no OAuth metadata, no addresses, a key backup whose
/// version counts for the whole server, and an empty listing for versions that it does not have.
fn conduit(request: &Request) -> Option<Answer> {
    Some(match request.path.as_str() {
        // The version that was seen, in the form of the specification.
        "/_matrix/federation/v1/version" => json!({"server": {"name": "Conduit", "version": "0.10.12"}}).into(),
        // The specification; that it takes passwords is part of "`/account/password` … with token normal UIA".
        "/_matrix/client/v3/login" => {
            json!({"flows": [{"type": "m.login.password"}, {"type": "m.login.application_service"}]}).into()
        }
        // "No `m.change_password` capability (absent means allowed)".
        "/_matrix/client/v3/capabilities" => {
            json!({"capabilities": {"m.room_versions": {"default": "10", "available": {"10": "stable"}}}}).into()
        }
        // The specification, from here to the rooms: an account with one session and nothing else.
        "/_matrix/client/v3/account/3pid" => json!({"threepids": []}).into(),
        "/_matrix/client/v3/devices" => {
            json!({"devices": [{"device_id": "LENT", "display_name": "Laptop", "last_seen_ts": 1_795_430_520_000_u64}]})
                .into()
        }
        "/_matrix/client/v3/keys/query" => json!({"device_keys": {(user().to_string()): {}}, "failures": {}}).into(),
        "/_matrix/client/v3/sync" => json!({"next_batch": "1"}).into(),
        "/_matrix/client/v3/joined_rooms" => json!({"joined_rooms": []}).into(),
        // "Backup versions are global counters ("98")".
        "/_matrix/client/v3/room_keys/version" => version("98").into(),
        // "Unknown version → 200 with empty rooms (Synapse 404)".
        "/_matrix/client/v3/room_keys/keys" => json!({"rooms": {}}).into(),
        // The specification, for what does not exist.
        path if path.contains("/account_data/") => conduit_error(404, "M_NOT_FOUND"),
        path if path.contains("/room_keys/version/") => conduit_error(404, "M_NOT_FOUND"),
        // The specification, for what a server does not know. OAuth is part of that: "Conduit 0.10 without OAuth", as
        // "Servers that delegate accounts (Matrix Authentication Service and other OAuth servers), seen" has it; and so
        // is `/_synapse/admin`: "no Admin API".
        _ => conduit_error(404, "M_UNRECOGNIZED"),
    })
}

/// A version of the key backup, in the form of the specification.
fn version(number: &str) -> Value {
    json!({
        "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "count": 0, "etag": "0", "version": number,
        "auth_data": {"public_key": "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo", "signatures": {}},
    })
}

fn forecast() -> ForecastQuestion {
    ForecastQuestion::Run(ForecastOptions {
        since: None,
        rooms: None,
        max_events: None,
        left_rooms: LeftRooms::LeaveOut,
        event_proof: EventProofWish::Never,
        older: OlderVersions::All,
        progress: ForecastProgress::default(),
        memory: None,
    })
}

async fn facts_at(server: &CannedServer) -> Facts {
    let (homeserver, session) = server.enter().await;
    let checked = examine(&session, &homeserver, &Questions::default(), &forecast(), &()).await;
    checked.unwrap().facts
}

fn verdict(facts: &Facts, fate: Fate) -> Verdict {
    Report::of(user().to_string(), 0, facts.clone()).verdict.of(fate)
}

fn standing(facts: &Facts, route: Route) -> Standing {
    facts
        .routes()
        .into_iter()
        .find(|it| it.route == route)
        .unwrap()
        .standing
}

#[tokio::test]
async fn conduit_is_taken_at_its_word() {
    let server = CannedServer::speaking(&["r0.6.1", "v1.1", "v1.12"], conduit).await;
    let facts = facts_at(&server).await;
    // An absent capability allows; absent metadata delegates nothing.
    assert_eq!(facts.server.password_change, Fact::Known(PasswordChange::Allowed));
    assert_eq!(facts.server.oauth, Fact::Known(None));
    assert_eq!(facts.server.admin_api, Fact::Known(false));
    assert_eq!(standing(&facts, Route::OldPassword), Standing::Open);
    assert_eq!(standing(&facts, Route::Email), Standing::Closed(Closed::NoEmail));
    assert_eq!(
        standing(&facts, Route::SynapseAdmin),
        Standing::Closed(Closed::NoAdminApi)
    );
    assert_eq!(
        standing(&facts, Route::AccountPage),
        Standing::Closed(Closed::NotDelegated)
    );
    // Nothing was set up, and that is known, not a gap.
    assert_eq!(facts.storage.known().unwrap().default_key, DefaultKey::NotSet);
    assert_eq!(facts.identity.known().unwrap().master, Identity::default().master);
    let active = facts.backup.active.known().unwrap().as_ref().unwrap();
    assert_eq!((active.version.as_str(), active.count), ("98", 0));
    // Versions count for the whole server: the ones before are mostly other people's, and twenty are asked for.
    assert!(facts.backup.older.is_empty());
    assert_eq!(
        server.asked("/room_keys/version/97").len() + server.asked("/room_keys/version/77").len(),
        1
    );
}

/// At Conduit "unknown version → 200 with empty rooms", and "deleting the newest makes the previous one current": the
/// version may be gone between the question for it and the one for its listing. Whatever it counts, nothing is covered
/// that the listing does not show.
#[tokio::test]
async fn an_empty_listing_for_a_version_that_is_gone_covers_nothing() {
    // With its entry listed, this account is clear.
    let server = CannedServer::start(history(1, one_key())).await;
    let facts = facts_with_key(&server).await;
    let proof = facts.proof.known().unwrap();
    assert_eq!((proof.entries, proof.open, proof.complete), (1, 1, true));
    let coverage = facts.coverage.known().unwrap();
    assert_eq!((coverage.total, coverage.covered, coverage.at_risk), (3, 3, 0));
    for fate in Fate::BOTH {
        assert_eq!(verdict(&else_healthy(&facts), fate), Verdict::Clear);
    }
    for count in [0, 1] {
        let server = CannedServer::start(history(count, json!({"rooms": {}}))).await;
        let facts = facts_with_key(&server).await;
        let proof = facts.proof.known().unwrap();
        assert_eq!((proof.entries, proof.open), (0, 0), "{count}");
        let coverage = facts.coverage.known().unwrap();
        assert_eq!(
            (coverage.total, coverage.covered, coverage.readable, coverage.at_risk),
            (3, 0, Some(0), 3),
            "{count}"
        );
        assert_eq!(
            verdict(&else_healthy(&facts), Fate::SessionsEnded),
            Verdict::Blocked,
            "{count}"
        );
    }
}

/// An account at Conduit with three messages in one encrypted room and a key backup that counts `count` entries and
/// lists these. What it adds to [`conduit`] is in the form of the specification, but for the listing.
fn history(count: u64, listing: Value) -> impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static {
    let generator = generator();
    let room = generator.room_id(0);
    let encryption = json!({
        "type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"},
        "event_id": "$encryption", "sender": user(), "origin_server_ts": 1,
    });
    let sync = json!({"next_batch": "1", "rooms": {"join": {(room.clone()): {"state": {"events": [encryption]}}}}});
    let place = Place {
        room_id: &room,
        start: TAKEN_AT - 11 * 86_400_000,
    };
    let events = generator.events(place, 0, 3).unwrap();
    let events: Vec<Value> = events.iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    let mut newest = version("98");
    newest["count"] = json!(count);
    newest["auth_data"]["public_key"] = json!(generator.backup_key().unwrap().public_key());
    move |request: &Request| match request.path.as_str() {
        "/_matrix/client/v3/sync" => Some(sync.clone().into()),
        path if path.ends_with("/messages") => Some(json!({"start": "1", "chunk": events}).into()),
        "/_matrix/client/v3/room_keys/version" => Some(newest.clone().into()),
        "/_matrix/client/v3/room_keys/keys" => Some(listing.clone().into()),
        _ => conduit(request),
    }
}

fn generator() -> Generator {
    Generator::new(7).unwrap()
}

/// The listing with the key of the three messages.
fn one_key() -> Value {
    let size = BackupSize { entries: 1, rooms: 1 };
    serde_json::from_str(&generator().listing(size, 0..1).unwrap()).unwrap()
}

/// Checks with the key that opens the backup.
async fn facts_with_key(server: &CannedServer) -> Facts {
    let (homeserver, session) = server.enter().await;
    let key = recovery_key::encode(&generator().backup_key_bytes().unwrap());
    let questions = Questions { candidates: vec![key] };
    let checked = examine(&session, &homeserver, &questions, &forecast(), &()).await;
    checked.unwrap().facts
}

/// An account with nothing wrong but what was seen of its key backup: whatever keeps it from being clear is in that.
fn else_healthy(seen: &Facts) -> Facts {
    let mut candidate = candidate();
    candidate.backup = [("98".to_owned(), BackupOpening::ThroughStorage)].into();
    Facts {
        backup: seen.backup.clone(),
        key_trial: Fact::Known(KeyTrial {
            candidates: vec![candidate],
        }),
        proof: seen.proof.clone(),
        coverage: seen.coverage.clone(),
        ..healthy_facts()
    }
}

/// No such server was seen; the specification has every server say of requests that it does not know 404
/// `M_UNRECOGNIZED`.
#[tokio::test]
async fn a_server_without_key_backup_is_never_clear() {
    let server = CannedServer::start(|request| {
        let gone = request.path.contains("/room_keys/");
        if gone {
            Some(conduit_error(404, "M_UNRECOGNIZED"))
        } else {
            conduit(request)
        }
    })
    .await;
    let facts = facts_at(&server).await;
    assert_eq!(facts.backup.active.gap(), Some(Gap::Unsupported));
    for fate in Fate::BOTH {
        assert_ne!(verdict(&facts, fate), Verdict::Clear);
    }
    let report = Report::of(user().to_string(), 0, facts);
    assert!(report.findings.iter().any(|it| it.code == Code::BackupUnknown));
}

#[tokio::test]
async fn versions_of_the_specification_from_the_first_to_those_to_come() {
    let speeches: [&'static [&'static str]; 5] = [
        &["v1.1"],
        &["r0.6.1", "v1.1"],
        &["v1.11", "v1.99"],
        &["v9.0"],
        &["org.example.own"],
    ];
    for versions in speeches {
        let server = CannedServer::speaking(versions, conduit).await;
        let facts = facts_at(&server).await;
        let told: Vec<&str> = facts
            .server
            .spec_versions
            .known()
            .unwrap()
            .iter()
            .map(String::as_str)
            .collect();
        assert_eq!(told, versions);
        assert!(
            facts.sessions.known().is_some() && facts.backup.active.known().is_some(),
            "{versions:?}"
        );
        assert_eq!(
            facts.server.password_change,
            Fact::Known(PasswordChange::Allowed),
            "{versions:?}"
        );
    }
}
