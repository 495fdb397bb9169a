//! Sessions are signed out: others one by one, at a server that wants to be left alone in between, and Lifeboat’s own.

use std::sync::Mutex;

use futures_util::future::BoxFuture;
use lifeboat_preflight::Waiting;
use tokio::{join, time};

use super::*;
use crate::{PageAnswer, PageLook};

const DEVICES: &str = "/_matrix/client/v3/devices";

/// Sees what tells of waits, and which sessions are signed out.
#[derive(Default)]
struct Watch {
    waiting: Mutex<Option<Waiting>>,
    ended: Mutex<Vec<String>>,
}

impl Watch {
    fn sees_a_wait(&self) -> bool {
        self.waiting.lock().unwrap().as_ref().is_some_and(Waiting::is_on)
    }
}

impl Asker for Watch {
    fn tell(&self, news: News<'_>) {
        match news {
            News::MayWait(waiting) => *self.waiting.lock().unwrap() = Some(waiting.clone()),
            News::SessionEnded { device, .. } => self.ended.lock().unwrap().push(device.to_owned()),
            _ => {}
        }
    }

    fn another_recovery_key(&self, _: String) -> BoxFuture<'_, Option<SecretString>> {
        Box::pin(async { None })
    }

    fn changed_on_page<'a>(&'a self, _: &'a AccountPage, _: PageLook) -> BoxFuture<'a, PageAnswer> {
        Box::pin(async { PageAnswer::NobodyKnows })
    }

    fn code_from_mail(&self) -> BoxFuture<'_, Option<SecretString>> {
        Box::pin(async { None })
    }
}

#[tokio::test]
async fn a_wait_between_two_sessions_is_seen_and_can_be_stopped() {
    let devices = json!({"devices": [{"device_id": "LENT"}, {"device_id": "PHONE"}, {"device_id": "LAPTOP"}]});
    let listed = || Reply::Json(200, devices.clone());
    let wait = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "No.", "retry_after_ms": 9_000});
    let script = [
        listed(),
        // The first one is there, and is signed out.
        listed(),
        Reply::Json(200, json!({})),
        // Before the second one the server wants to be left alone.
        Reply::Json(429, wait),
    ];
    let server = ScriptedServer::start(script).await;
    let (homeserver, folder, watch) = (server.homeserver().await, Folder::new(), Watch::default());
    let (mut reset, _) = after_the_mail(&homeserver, &folder);
    reset.kit.asker = &watch;
    reset.fresh = Some(server.enter().await);
    let wishes = reset.kit.wishes.clone();
    let stopping = async {
        while !watch.sees_a_wait() {
            time::sleep(Duration::from_millis(5)).await;
        }
        wishes.stop();
    };
    let both = async { join!(reset.end_others(), stopping).0 };
    let ended = time::timeout(Duration::from_secs(5), both).await;
    assert!(matches!(ended, Ok(Err(Cause::Stopped))), "{ended:?}");
    assert_eq!(*watch.ended.lock().unwrap(), ["PHONE"]);
    assert_eq!(asked(&server).len(), 4);
}

/// An earlier run could not open the session that the reset was made with, made room for another one, and was not let in.
#[tokio::test]
async fn a_session_whose_place_is_empty_is_signed_out_by_another_one() {
    for begun in [false, true] {
        let script = [
            refused(403, "M_FORBIDDEN"),
            Reply::Json(
                200,
                json!({"user_id": user(), "access_token": "token", "device_id": "NEW"}),
            ),
            Reply::Json(200, json!({"devices": [{"device_id": "LOST"}, {"device_id": "NEW"}]})),
            Reply::Json(200, json!({})),
        ];
        let server = ScriptedServer::start(script).await;
        let (homeserver, mut folder) = (server.homeserver().await, Folder::new());
        if begun {
            // The answer to that sign-in was lost: what is noted of it has to stay.
            let old = folder.home.path().join("old");
            fs::create_dir(&old).unwrap();
            fs::write(old.join("begun"), "ABCDEFGHIJ").unwrap();
            folder.old = Some(old);
        }
        let (mut reset, _) = after_the_mail(&homeserver, &folder);
        let device = "LOST".to_owned();
        reset.journal.append(Record::Session { device }).unwrap();
        let failed = reset.leave().await;
        assert!(matches!(failed, Err(Cause::NotSignedIn(_))), "{failed:?}");
        assert_eq!(folder.forgotten(), 0);
        reset.leave().await.unwrap();
        assert_eq!(folder.forgotten(), 1);
        let lost = format!("{DEVICES}/LOST");
        assert_eq!(asked(&server), [LOGIN, LOGIN, DEVICES, lost.as_str()]);
    }
}
