//! The event proof: decrypts messages with nothing but what the key backup holds.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use lifeboat_backup::{Opened, SessionId};
use serde::Deserialize;
use vodozemac::megolm::{ExportedSessionKey, InboundGroupSession, MegolmMessage, SessionConfig};
use zeroize::Zeroize;

use super::{ledger::Test, scan::RoomHistory};

/// Messages to decrypt, by room and session.
#[derive(Debug, Default)]
pub(super) struct Exam {
    rooms: HashMap<String, HashMap<SessionId, Paper>>,
    results: Mutex<Vec<Marks>>,
}

/// What is asked about one session in one room.
#[derive(Debug, Default)]
struct Paper {
    /// The numbers of its room and of its keys there, one for each sender.
    keys: Vec<(usize, usize)>,
    questions: Vec<Question>,
}

#[derive(Debug)]
struct Question {
    row: u32,
    index: u32,
    ciphertext: Box<str>,
}

/// What one entry of the backup gave.
#[derive(Debug)]
struct Marks {
    room: usize,
    keys: Vec<usize>,
    /// Stands for the entry.
    entry: u64,
    answers: Vec<(u32, Test)>,
}

/// A decrypted message must name the room it was sent to ("m.megolm.v1.aes-sha2").
#[derive(Deserialize)]
struct Plaintext<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
}

impl Exam {
    /// Takes the ciphertexts out of `histories`, and looks which of them were decrypted by an earlier run.
    pub(super) fn of(histories: &mut [RoomHistory]) -> Arc<Self> {
        let mut exam = Self::default();
        for (room, history) in histories.iter_mut().enumerate() {
            let mut sessions: HashMap<SessionId, Paper> = HashMap::new();
            let texts = mem::take(&mut history.texts);
            let ledger = &history.ledger;
            for (number, key) in ledger.keys.iter().enumerate() {
                if let Some(session) = key.session {
                    sessions.entry(session).or_default().keys.push((room, number));
                }
            }
            for (row, ciphertext) in texts {
                let Some(entered) = ledger.rows.get(row as usize) else {
                    continue;
                };
                let Some(session) = ledger.key_of(entered).and_then(|key| key.session) else {
                    continue;
                };
                let question = Question {
                    row,
                    index: entered.index,
                    ciphertext,
                };
                sessions.entry(session).or_default().questions.push(question);
            }
            // The ratchet turns forwards only: in this order it never has to start again.
            sessions
                .values_mut()
                .for_each(|paper| paper.questions.sort_unstable_by_key(|it| it.index));
            exam.rooms.insert(history.room.id.to_string(), sessions);
        }
        Arc::new(exam)
    }

    /// Decrypts the messages of one room key and drops their contents at once.
    pub(super) fn take(&self, room_id: &str, opened: Opened<'_>) {
        let paper = self
            .rooms
            .get(room_id)
            .and_then(|sessions| sessions.get(&opened.session_id()));
        let Some((Paper { keys, questions }, room)) = paper.and_then(|paper| Some((paper, paper.keys.first()?.0)))
        else {
            return;
        };
        let Ok(key) = ExportedSessionKey::from_bytes(opened.session_key()) else {
            return;
        };
        let mut session = InboundGroupSession::import(&key, SessionConfig::version_1());
        let fitting = questions.iter().filter(|it| it.index >= opened.first_index());
        let result = Marks {
            room,
            keys: keys.iter().map(|(_, key)| *key).collect(),
            entry: stand_in(opened),
            answers: fitting
                .map(|it| (it.row, test(&mut session, &it.ciphertext, room_id)))
                .collect(),
        };
        self.results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
    }

    /// Enters the results; what was found out with another entry than the present one does not count any more.
    pub(super) fn enter(&self, histories: &mut [RoomHistory]) {
        for result in mem::take(&mut *self.results.lock().unwrap_or_else(PoisonError::into_inner)) {
            let Some(ledger) = histories.get_mut(result.room).map(|it| &mut it.ledger) else {
                continue;
            };
            let mut outdated = HashSet::new();
            for number in result.keys {
                let Some(key) = ledger.keys.get_mut(number) else {
                    continue;
                };
                if key.tested_with != 0 && key.tested_with != result.entry {
                    outdated.insert(u32::try_from(number).unwrap_or(u32::MAX));
                }
                key.tested_with = result.entry;
            }
            if !outdated.is_empty() {
                let rows = ledger.rows.iter_mut().filter(|row| outdated.contains(&row.key));
                rows.for_each(|row| row.test = Test::NotTried);
            }
            for (row, test) in result.answers {
                if let Some(row) = ledger.rows.get_mut(row as usize) {
                    row.test = test;
                }
            }
        }
    }
}

/// Stands for an exported room key, from which it does not follow: the start of its SHA-256, never 0.
fn stand_in(opened: Opened<'_>) -> u64 {
    let digest = digest(&SHA256, opened.session_key());
    digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        | 1
}

/// Decrypts as a client does: with signature, MAC and room checked.
fn test(session: &mut InboundGroupSession, ciphertext: &str, room_id: &str) -> Test {
    let decrypted = MegolmMessage::from_base64(ciphertext)
        .ok()
        .and_then(|it| session.decrypt(&it).ok());
    let Some(mut decrypted) = decrypted else {
        return Test::Fails;
    };
    let fits = serde_json::from_slice(&decrypted.plaintext).is_ok_and(|it: Plaintext<'_>| it.room_id == room_id);
    decrypted.plaintext.zeroize();
    if fits { Test::Decrypts } else { Test::Fails }
}
