//! The ciphertexts that are kept, within bounds, until the key backup is read.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::oneshot;

use super::{EventProofWish, exam::Exam, scan::RoomHistory};

/// Keeps ciphertexts, and tells the one who reads the backup when there is something to decrypt.
#[derive(Debug)]
pub(super) struct Texts {
    most_events: u64,
    most_bytes: u64,
    /// Whether there are none rather than some when there are too many.
    all_or_none: bool,
    events: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicBool,
    /// Gone when it was told.
    waiting: Mutex<Option<oneshot::Sender<Option<Arc<Exam>>>>>,
}

/// By default, so many messages are decrypted: on two cores that takes a few seconds.
pub(super) const MOST_BY_DEFAULT: u64 = 50_000;
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
            self.tell(Some(Exam::of(histories)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_few_messages_too_many_and_none_is_decrypted() {
        let (texts, exam) = Texts::new(EventProofWish::IfFew);
        for _ in 0..MOST_BY_DEFAULT {
            assert!(texts.keep("x").is_some());
        }
        assert!(!texts.are_dropped());
        assert!(texts.keep("x").is_none() && texts.are_dropped());
        assert!(exam.await.unwrap().is_none());
    }

    #[test]
    fn whoever_wants_all_gets_as_many_as_fit() {
        let (texts, _exam) = Texts::new(EventProofWish::Always);
        let large = "x".repeat(MOST_BYTES as usize / 2);
        assert!(texts.keep(&large).is_some() && texts.keep(&large).is_some());
        assert!(texts.keep("x").is_none() && !texts.are_dropped());
    }
}
