//! The event proof: decrypts messages with nothing but what the key backup holds.

use std::{
    borrow::Cow,
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use lifeboat_backup::{Opened, SessionId};
use serde::Deserialize;
use tokio::sync::oneshot;
use vodozemac::megolm::{ExportedSessionKey, InboundGroupSession, MegolmMessage, SessionConfig};
use zeroize::Zeroize;

use super::{EventProofWish, scan::RoomHistory};

/// Keeps the ciphertexts of messages within bounds until the key backup is read.
#[derive(Debug)]
pub(super) struct Texts {
    most_events: u64,
    most_bytes: u64,
    /// Whether there are none rather than some when there are too many.
    all_or_none: bool,
    events: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicBool,
    /// Tells the one who waits for the exam; gone when that is done.
    waiting: Mutex<Option<oneshot::Sender<Option<Arc<Exam>>>>>,
}

/// By default, so many messages are decrypted: on two cores that takes a few seconds.
const MOST_BY_DEFAULT: u64 = 50_000;
/// As much is kept of ciphertexts at most: 64 MiB by default, else 256 MiB.
const MOST_BYTES_BY_DEFAULT: u64 = 64 << 20;
const MOST_BYTES: u64 = 256 << 20;

impl Texts {
    /// Prepares to keep what `wish` demands. The receiver hears of the exam when there is one or will be none.
    pub(super) fn new(wish: EventProofWish) -> (Self, oneshot::Receiver<Option<Arc<Exam>>>) {
        let (send, receive) = oneshot::channel();
        let (most_events, most_bytes) = match wish {
            EventProofWish::Never => (0, 0),
            EventProofWish::IfFew => (MOST_BY_DEFAULT, MOST_BYTES_BY_DEFAULT),
            EventProofWish::Always => (u64::MAX, MOST_BYTES),
        };
        let texts = Self {
            most_events,
            most_bytes,
            all_or_none: wish != EventProofWish::Always,
            events: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            dropped: AtomicBool::new(false),
            waiting: Mutex::new(Some(send)),
        };
        if wish == EventProofWish::Never {
            texts.give_up();
        }
        (texts, receive)
    }

    /// Returns a copy of a ciphertext if it is to be kept.
    pub(super) fn keep(&self, ciphertext: &str) -> Option<Box<str>> {
        if self.are_dropped() {
            return None;
        }
        let length = ciphertext.len() as u64;
        let too_many = self.events.fetch_add(1, Ordering::Relaxed) >= self.most_events;
        let too_much = self.bytes.fetch_add(length, Ordering::Relaxed) + length > self.most_bytes;
        if (too_many || too_much) && self.all_or_none {
            self.give_up();
        }
        (!too_many && !too_much).then(|| ciphertext.into())
    }

    /// Tells whether none are kept.
    pub(super) fn are_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Makes the exam of what was kept, and tells the one who waits for it.
    pub(super) fn settle(&self, histories: &mut [RoomHistory]) {
        if self.are_dropped() {
            histories.iter_mut().for_each(|it| it.texts = Vec::new());
        } else {
            self.tell(Some(Arc::new(Exam::of(histories))));
        }
    }

    fn give_up(&self) {
        self.dropped.store(true, Ordering::Relaxed);
        self.tell(None);
    }

    fn tell(&self, exam: Option<Arc<Exam>>) {
        if let Some(waiting) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Nobody waits any more: the listing has failed.
            let _ = waiting.send(exam);
        }
    }
}

/// Messages to decrypt, by room and session.
#[derive(Debug, Default)]
pub(super) struct Exam {
    rooms: HashMap<String, HashMap<SessionId, Vec<Question>>>,
    answers: Mutex<Answers>,
}

/// Whether messages decrypt, by the numbers of their rooms and rows.
pub(super) type Answers = HashMap<(u32, u32), Decrypts>;

/// Whether a message decrypts with what the key backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decrypts {
    Yes,
    No,
}

#[derive(Debug)]
struct Question {
    room: u32,
    row: u32,
    index: u32,
    ciphertext: Box<str>,
}

/// A decrypted message must name the room it was sent to ("m.megolm.v1.aes-sha2").
#[derive(Deserialize)]
struct Plaintext<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
}

impl Exam {
    /// Takes the ciphertexts out of `histories`.
    fn of(histories: &mut [RoomHistory]) -> Self {
        let mut rooms: HashMap<String, HashMap<SessionId, Vec<Question>>> = HashMap::new();
        for (room, history) in (0..).zip(histories) {
            for (row, ciphertext) in mem::take(&mut history.texts) {
                let Some(entered) = history.ledger.rows.get(row as usize) else { continue };
                let Some(session) = history.ledger.key_of(entered).and_then(|key| key.session) else { continue };
                let sessions = rooms.entry(history.room.id.to_string()).or_default();
                let question = Question { room, row, index: entered.index, ciphertext };
                sessions.entry(session).or_default().push(question);
            }
        }
        // The ratchet turns forwards only: in this order it never has to start again.
        let sessions = rooms.values_mut().flat_map(HashMap::values_mut);
        sessions.for_each(|questions| questions.sort_unstable_by_key(|it| it.index));
        Self { rooms, answers: Mutex::default() }
    }

    /// Decrypts the messages of one room key and drops their contents at once.
    pub(super) fn take(&self, room_id: &str, opened: Opened<'_>) {
        let questions = self.rooms.get(room_id).and_then(|sessions| sessions.get(&opened.session_id()));
        let Some(questions) = questions else { return };
        let Ok(key) = ExportedSessionKey::from_bytes(opened.session_key()) else { return };
        let mut session = InboundGroupSession::import(&key, SessionConfig::version_1());
        let fitting = questions.iter().filter(|it| it.index >= opened.first_index());
        let answers: Vec<_> =
            fitting.map(|it| ((it.room, it.row), decrypts(&mut session, &it.ciphertext, room_id))).collect();
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }

    /// Returns the answers so far.
    pub(super) fn answers(&self) -> Answers {
        mem::take(&mut self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Decrypts as a client does: with signature, MAC and room checked.
fn decrypts(session: &mut InboundGroupSession, ciphertext: &str, room_id: &str) -> Decrypts {
    let decrypted = MegolmMessage::from_base64(ciphertext).ok().and_then(|it| session.decrypt(&it).ok());
    let Some(mut decrypted) = decrypted else { return Decrypts::No };
    let fits = serde_json::from_slice(&decrypted.plaintext).is_ok_and(|it: Plaintext<'_>| it.room_id == room_id);
    decrypted.plaintext.zeroize();
    if fits { Decrypts::Yes } else { Decrypts::No }
}
