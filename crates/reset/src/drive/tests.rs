//! What the driver makes of a change by mail whose answer is lost.
//!
//! The server is tuwunel 1.9 as the project's facts have read it, under "Conduit family, seen (Conduit 0.10.12) or read
//! (tuwunel 1.9)": "not confirmed, expired and used all 403 `M_FORBIDDEN`; the proof is spent before the password is
//! set, so a retry after a lost answer gets 403 although the password changed".

mod ends;

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use lifeboat_report::Aboard;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{
    NobodyThere,
    journal::testing::begun,
    testing::{Reply, ScriptedServer, refused, user},
};

const CHANGE: &str = "/_matrix/client/v3/account/password";
const LOGIN: &str = "/_matrix/client/v3/login";

/// Places in a folder that goes with the test.
struct Folder {
    home: TempDir,
    places: AtomicU32,
    cleared: AtomicU32,
    forgotten: AtomicU32,
    /// Where a session was kept.
    old: Option<PathBuf>,
}

impl Folder {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            places: AtomicU32::new(0),
            cleared: AtomicU32::new(0),
            forgotten: AtomicU32::new(0),
            old: None,
        }
    }

    /// How often a new place was cleared.
    fn cleared(&self) -> u32 {
        self.cleared.load(Ordering::Relaxed)
    }

    /// How often the place was removed.
    fn forgotten(&self) -> u32 {
        self.forgotten.load(Ordering::Relaxed)
    }
}

impl Places for Folder {
    fn new_place(&self) -> Result<KeepIn, String> {
        let number = self.places.fetch_add(1, Ordering::Relaxed);
        let folder = self.home.path().join(format!("session{number}"));
        fs::create_dir(&folder).map_err(|error| error.to_string())?;
        Ok(KeepIn {
            folder,
            passphrase: "a".repeat(43).into(),
        })
    }

    fn old_place(&self) -> Option<KeepIn> {
        let folder = self.old.clone()?;
        Some(KeepIn {
            folder,
            passphrase: "a".repeat(43).into(),
        })
    }

    fn clear(&self) {
        self.cleared.fetch_add(1, Ordering::Relaxed);
    }

    fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
    }
}

/// A reset by mail that has only just asked for the mail, and the number of the step that changes the password.
fn after_the_mail<'a>(homeserver: &'a Homeserver, folder: &'a Folder) -> (Reset<'a>, usize) {
    let mut journal = begun(&folder.home.path().join("reset"), Route::Email, Aboard::Leave);
    let change = journal.plan().change_number().unwrap();
    for step in 0..change {
        let outcome = Outcome::Done;
        journal.append(Record::Ended { step, outcome }).unwrap();
    }
    let kit = Kit {
        homeserver,
        asker: &NobodyThere,
        wishes: Wishes::default(),
        places: folder,
        sealer: Sealer::Keyring("k".repeat(64).into()),
        new_password: "new".into(),
        come_back: ComeBack::Password,
        old_password: None,
        recovery_key: None,
        address: Some("mira@example.org".to_owned()),
        page: None,
        before: None,
        second_look: ForecastQuestion::Quick,
    };
    let mut reset = Reset::new(kit, journal, &user(), None);
    reset.mail = Some(MailProof {
        sid: "sid1".to_owned(),
        client_secret: "secret".into(),
    });
    (reset, change)
}

/// What the journal says of the password, and what is to be done next.
fn state(reset: &Reset<'_>) -> (Password, Next) {
    (reset.journal.password(), reset.journal.next())
}

fn asked(server: &ScriptedServer) -> Vec<String> {
    server.asked().into_iter().map(|it| it.path).collect()
}

/// The answer to the change is lost, and the old password still is the true one a moment later.
async fn is_lost_and_looked_for_in_vain(reset: &mut Reset<'_>, change: usize) {
    reset.step(change).await.unwrap();
    // Whatever the server was at work on is settled by now.
    reset.dark_at = None;
    reset.find_out(change).await.unwrap();
    assert_eq!(state(reset), (Password::Unchanged, Next::Do(change)));
}

#[tokio::test]
async fn a_lost_change_is_found_by_signing_in_and_not_asked_for_again() {
    let script = [
        // The link is not confirmed yet.
        refused(403, "M_FORBIDDEN"),
        Reply::Cut,
        Reply::Json(
            200,
            json!({"user_id": user(), "access_token": "token", "device_id": "NEW"}),
        ),
        // What everything else would get: the proof is spent.
        refused(403, "M_FORBIDDEN"),
        refused(403, "M_FORBIDDEN"),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder) = (server.homeserver().await, Folder::new());
    let (mut reset, change) = after_the_mail(&homeserver, &folder);
    reset.step(change).await.unwrap();
    assert_eq!(state(&reset), (Password::Dark, Next::FindOut(change)));
    reset.find_out(change).await.unwrap();
    assert_eq!(state(&reset), (Password::Changed, Next::Do(change + 1)));
    // The session that found it out is the one to go on with.
    reset.step(change + 1).await.unwrap();
    assert_eq!(reset.fresh.as_ref().and_then(OwnSession::device_id), Some("NEW"));
    assert_eq!(asked(&server), [CHANGE, CHANGE, LOGIN]);
}

#[tokio::test]
async fn a_change_that_is_lost_again_and_again_ends() {
    let script = [
        Reply::Cut,
        refused(403, "M_FORBIDDEN"),
        Reply::Cut,
        refused(403, "M_FORBIDDEN"),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder) = (server.homeserver().await, Folder::new());
    let (mut reset, change) = after_the_mail(&homeserver, &folder);
    is_lost_and_looked_for_in_vain(&mut reset, change).await;
    reset.step(change).await.unwrap();
    reset.dark_at = None;
    let ended = reset.find_out(change).await;
    assert!(matches!(ended, Err(Cause::Refused(Refusal::Other { .. }))), "{ended:?}");
    assert_eq!(reset.journal.password(), Password::Unchanged);
    assert_eq!(asked(&server), [CHANGE, LOGIN, CHANGE, LOGIN]);
}

/// The server takes longer than anybody waits, uses the proof up, and sets the password when it was looked for already.
#[tokio::test]
async fn a_lost_change_that_is_made_late_is_found_when_its_proof_is_spent() {
    let script = [
        Reply::Cut,
        refused(403, "M_FORBIDDEN"),
        // Now it is made; the same proof again.
        refused(403, "M_FORBIDDEN"),
        Reply::Json(
            200,
            json!({"user_id": user(), "access_token": "token", "device_id": "NEW"}),
        ),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder) = (server.homeserver().await, Folder::new());
    let (mut reset, change) = after_the_mail(&homeserver, &folder);
    is_lost_and_looked_for_in_vain(&mut reset, change).await;
    reset.step(change).await.unwrap();
    assert_eq!(state(&reset), (Password::Changed, Next::Do(change + 1)));
    assert_eq!(reset.fresh.as_ref().and_then(OwnSession::device_id), Some("NEW"));
    assert_eq!(asked(&server), [CHANGE, LOGIN, CHANGE, LOGIN]);
}

/// What a sign-in puts into the new place before it is refused would be taken for a kept session.
#[tokio::test]
async fn a_sign_in_that_fails_leaves_nothing_in_its_place() {
    let session = json!({"user_id": user(), "access_token": "token", "device_id": "NEW"});
    let script = [
        Reply::Cut,
        refused(403, "M_FORBIDDEN"),
        refused(403, "M_FORBIDDEN"),
        Reply::Json(200, session),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder) = (server.homeserver().await, Folder::new());
    let (mut reset, change) = after_the_mail(&homeserver, &folder);
    is_lost_and_looked_for_in_vain(&mut reset, change).await;
    assert_eq!(folder.cleared(), 1);
    let failed = reset.sign_in().await;
    assert!(matches!(failed, Err(Cause::NotSignedIn(_))), "{failed:?}");
    assert_eq!(folder.cleared(), 2);
    reset.sign_in().await.unwrap();
    assert_eq!(folder.cleared(), 2);
    assert_eq!(asked(&server), [CHANGE, LOGIN, LOGIN, LOGIN]);
}

/// Where no answer was lost, a link that nobody has confirmed costs no sign-in.
#[tokio::test]
async fn an_unconfirmed_link_is_waited_for_without_signing_in() {
    let script = [
        refused(403, "M_FORBIDDEN"),
        refused(403, "M_FORBIDDEN"),
        Reply::Json(200, json!({})),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder) = (server.homeserver().await, Folder::new());
    let (mut reset, change) = after_the_mail(&homeserver, &folder);
    reset.step(change).await.unwrap();
    assert_eq!(state(&reset), (Password::Changed, Next::Do(change + 1)));
    assert_eq!(asked(&server), [CHANGE, CHANGE, CHANGE]);
}

/// Whoever stops waiting for the link is not told that the password is unchanged.
#[tokio::test]
async fn where_a_change_may_still_be_made_the_next_run_finds_out() {
    let script = [
        Reply::Cut,
        refused(403, "M_FORBIDDEN"),
        refused(403, "M_FORBIDDEN"),
        refused(403, "M_FORBIDDEN"),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder) = (server.homeserver().await, Folder::new());
    let (mut reset, change) = after_the_mail(&homeserver, &folder);
    is_lost_and_looked_for_in_vain(&mut reset, change).await;
    let wishes = reset.kit.wishes.clone();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        wishes.stop();
    };
    let (ended, ()) = tokio::join!(reset.step(change), stopping);
    assert!(matches!(ended, Err(Cause::Stopped)), "{ended:?}");
    assert_eq!(state(&reset), (Password::Dark, Next::FindOut(change)));
    assert_eq!(asked(&server), [CHANGE, LOGIN, CHANGE, LOGIN]);
}
