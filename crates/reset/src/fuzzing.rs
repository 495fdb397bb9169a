//! A door to the journal's parser and to what follows from it, for `fuzz/` alone.

use crate::{
    flow::{self, Stamped},
    journal::read,
};

/// Takes bytes for a journal, and asks what would be done next.
///
/// # Panics
///
/// When the lines that were read, written again, are read otherwise.
pub fn journal(text: &[u8]) {
    let Ok(Some(lines)) = read::lines(text) else {
        return;
    };
    let _ = flow::next(&lines.header.plan, &lines.records);
    let _ = flow::password(&lines.header.plan, &lines.records);
    let stamped = lines.times.iter().zip(&lines.records).map(|(at, record)| {
        serde_json::to_vec(&Stamped {
            at: *at,
            record: record.clone(),
        })
    });
    let header = std::iter::once(serde_json::to_vec(&lines.header));
    let mut written = Vec::new();
    for line in header.chain(stamped) {
        written.extend(line.unwrap_or_default());
        written.push(b'\n');
    }
    let again = read::lines(&written).ok().flatten();
    let same = again.is_some_and(|it| it.records == lines.records && it.header == lines.header);
    assert!(same, "a journal that reads otherwise after it was written");
}
