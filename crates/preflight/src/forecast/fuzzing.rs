//! Reads a page as a scan does, without a server.

use super::{event, ledger::Entering};

/// Enters every event of a page, and then the whole page once more, as a server may send it.
///
/// # Panics
///
/// When a message is entered twice, or stands under a room key that is not there.
pub(crate) fn enter_page<'a>(events: impl Iterator<Item = &'a str> + Clone) {
    let mut entering = Entering::default();
    let enter = |entering: &mut Entering| {
        for json in events.clone() {
            match event::read(json) {
                Some(event) => drop(entering.enter(&event)),
                None => event::redacts(json).into_iter().for_each(|id| entering.redact(id)),
            }
        }
    };
    enter(&mut entering);
    let once = entering.len();
    assert!(once <= events.clone().count(), "more messages than events");
    let mut again = Entering::resume(entering.finish());
    enter(&mut again);
    assert_eq!(again.len(), once, "the same page, and other messages");
    let ledger = again.finish();
    assert!(
        ledger.rows.iter().all(|row| ledger.key_of(row).is_some()),
        "a message without its key"
    );
}
