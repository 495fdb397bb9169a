//! The entries of one archived version, one by one, each opened.

use std::{io::Read, ops::ControlFlow, sync::Arc};

use lifeboat_backup::{BackupKey, Body, Item, Opener, Reader, SessionId, State};

use super::{ArkError, Part, PartName, Sums, read};

/// An entry of an archived version that opens.
#[derive(Clone, Copy, Debug)]
pub struct ArkEntry<'a> {
    /// Its room.
    pub room_id: &'a str,
    /// The session id under which it is listed, which is its own.
    pub session_id: SessionId,
    /// The index of the first message that it decrypts.
    pub first_index: u32,
    /// The entry as the server held it ("KeyBackupData").
    pub json: &'a [u8],
}

/// What to do after an entry.
pub(super) type Flow = ControlFlow<()>;

/// Reads an ark and shows every entry of `version` that `key` opens to `visit`, which may break off. Entries that do
/// not open are passed over. Takes long: not for an async thread.
///
/// # Errors
///
/// Fails as [`read`](super::read()) does; not where `visit` broke off.
pub(super) fn entries(
    input: impl Read,
    version: &str,
    key: &Arc<BackupKey>,
    mut visit: impl FnMut(ArkEntry<'_>) -> Flow,
) -> Result<Sums, ArkError> {
    let wanted = PartName::BackupEntries(version.to_owned());
    read(input, |part| {
        if part.name == wanted {
            entries_of(part, key, &mut visit)
        } else {
            Ok(())
        }
    })
}

fn entries_of(
    part: Part<'_>,
    key: &Arc<BackupKey>,
    visit: &mut impl FnMut(ArkEntry<'_>) -> Flow,
) -> Result<(), ArkError> {
    let mut opener = Opener::new(Some(Arc::clone(key)));
    let mut reader = Reader::new();
    let mut room = String::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = part.content.read(&mut piece).map_err(ArkError::Read)?;
        if read == 0 {
            return Ok(());
        }
        let flow = reader.feed(&piece[..read], |item| match item {
            Item::Room(name) => {
                name.clone_into(&mut room);
                Flow::Continue(())
            }
            Item::Entry {
                session_id,
                body: Body::Object(json),
            } => {
                let Some(session_id) = SessionId::parse(session_id) else {
                    return Flow::Continue(());
                };
                let judged = opener.judge(session_id, json);
                match judged.state {
                    State::Opens => visit(ArkEntry {
                        room_id: &room,
                        session_id,
                        first_index: judged.first_index,
                        json,
                    }),
                    State::Sealed | State::Damaged(_) => Flow::Continue(()),
                }
            }
            Item::Entry { .. } => Flow::Continue(()),
        });
        match flow {
            Ok(Flow::Continue(())) => {}
            Ok(Flow::Break(())) => return Ok(()),
            Err(_) => return Err(ArkError::damaged(format!("{} cannot be understood", part.name))),
        }
    }
}
