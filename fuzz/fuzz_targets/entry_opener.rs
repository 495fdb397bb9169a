//! One entry of a key backup, against vodozemac: as the server lists it, and as what was sealed in it.

#![no_main]

#[expect(clippy::unwrap_used, reason = "the tests' own, where that is a finding")]
#[path = "../../crates/backup/src/entry/tests/oracle.rs"]
mod oracle;

use std::{cell::RefCell, sync::Arc};

use libfuzzer_sys::fuzz_target;
use lifeboat_backup::{Damage, Opener, SessionId, State, generate::Generator};

/// A generated person.
struct Court {
    generator: Generator,
    key: [u8; 32],
    listed_as: SessionId,
    opener: Opener,
}

thread_local! {
    static COURT: RefCell<Option<Court>> = RefCell::new(Court::new().ok());
}

impl Court {
    fn new() -> Result<Self, lifeboat_backup::generate::GenerateError> {
        let generator = Generator::new(7)?;
        Ok(Self {
            key: generator.backup_key_bytes()?,
            listed_as: generator.session(0)?.id(),
            opener: Opener::new(Some(Arc::new(generator.backup_key()?))),
            generator,
        })
    }

    fn sit(&mut self, data: &[u8]) {
        match data.split_first() {
            // The reader hands nothing on that is no UTF-8; serde_json does not look where it passes over.
            Some((b'{', _)) if std::str::from_utf8(data).is_err() => {}
            // Entries are objects; whatever begins otherwise is sealed lawfully first.
            Some((b'{', _)) => self.judge(data),
            Some((_, plaintext)) => {
                if let Ok(sealed) = self.generator.seal(plaintext, 1) {
                    self.judge(sealed.entry(0).as_bytes());
                }
            }
            None => {}
        }
    }

    /// Lets both judge.
    fn judge(&mut self, json: &[u8]) {
        let expected = oracle::judge(&self.key, &self.listed_as.to_string(), json);
        let judged = self.opener.judge(self.listed_as, json);
        let session_key = judged.opened.map(|it| it.session_key().to_vec());
        let shown = || String::from_utf8_lossy(json);
        assert_eq!(
            judged.state == State::Opens,
            expected.state == State::Opens,
            "{}",
            shown()
        );
        // What is damaged may be called so for another reason: serde_json does not look at what it passes over.
        assert_eq!(session_key, expected.session_key, "{}", shown());
        if session_key.is_some() {
            assert_eq!(judged.first_index, expected.first_index, "{}", shown());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    COURT.with_borrow_mut(|court| {
        assert!(court.is_some(), "this machine's cryptography fails");
        court.as_mut().map(|it| it.sit(data))
    });
});
