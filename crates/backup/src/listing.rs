//! Reads a key backup listing of any size through a small window.

mod lexer;
mod utf8;

use std::{borrow::Cow, mem, ops::ControlFlow};

use self::lexer::{Lexer, Token};

/// How many bytes one entry may have, and one key; a room key needs less than a thousand.
pub const MAX_ENTRY: usize = 64 * 1024;

/// Says what keeps the rest of a listing from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Flaw {
    /// A byte that cannot stand here in JSON.
    #[error("this is not JSON")]
    Malformed,
    /// A byte inside a text that cannot stand here in UTF-8.
    #[error("this is not UTF-8")]
    NotUtf8,
    /// More objects and arrays inside each other than any listing has.
    #[error("too many levels of JSON")]
    TooDeep,
    /// A key of an object longer than any id.
    #[error("a key is longer than {MAX_ENTRY} bytes")]
    KeyTooLong,
    /// Another value where the specification has an object.
    #[error("an object was expected here")]
    NotAnObject,
    /// `rooms` for the second time.
    #[error("the rooms are listed twice")]
    RoomsTwice,
    /// An answer without `rooms`.
    #[error("no rooms are listed")]
    NoRooms,
    /// The end, before the outermost object was closed.
    #[error("the listing ends too early")]
    Truncated,
}

/// Says where a listing could not be read any further; everything before this place was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {flaw}")]
pub struct ListingError {
    /// How many bytes of the listing come before the one that shows the flaw.
    pub offset: u64,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// One piece of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// The sessions of this room follow. A room that comes again is listed twice.
    Room(&'a str),
    /// One entry of the room that came last.
    Entry {
        /// The session id under which the entry is listed.
        session_id: &'a str,
        /// What is listed there.
        body: Body<'a>,
    },
}

/// What is listed under a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// A JSON object, well-formed and valid UTF-8, from brace to brace.
    Object(&'a [u8]),
    /// A JSON value that is not an object.
    Other,
    /// An object of more than [`MAX_ENTRY`] bytes, which was read and not kept.
    Oversized,
}

/// Reads the JSON of `GET /_matrix/client/v3/room_keys/keys?version=V` piece by piece.
///
/// Keeps at most one key and one entry in memory. Fields may come in any order, unknown ones are skipped, and the whole
/// document is checked strictly: a byte that is no JSON or no UTF-8 ends it with [`ListingError`].
#[derive(Debug)]
pub struct Reader {
    lexer: Lexer,
    /// How many bytes came before the current piece.
    offset: u64,
    /// How many of the containers top level, `rooms`, room, `sessions` are open, outermost first.
    level: u32,
    next: Next,
    rooms_seen: bool,
    capture: Option<Capture>,
    /// The offset of the first captured byte.
    started: u64,
    /// The part of the capture that lies in earlier pieces.
    held: Vec<u8>,
    room: String,
    session_id: String,
    failed: Option<ListingError>,
}

/// What to do with the next value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Skip,
    Enter,
    Entry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capture {
    Key,
    Entry,
}

/// The levels of a listing: `{"rooms": {ROOM: {"sessions": {SESSION: entry}}}}`.
const TOP: u32 = 1;
const ROOMS: u32 = 2;
const ROOM: u32 = 3;
const SESSIONS: u32 = 4;

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// Stands before the first byte.
    pub const fn new() -> Self {
        Self {
            lexer: Lexer::new(),
            offset: 0,
            level: 0,
            next: Next::Enter,
            rooms_seen: false,
            capture: None,
            started: 0,
            held: Vec::new(),
            room: String::new(),
            session_id: String::new(),
            failed: None,
        }
    }

    /// How many bytes were read.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the next piece and hands each item to `sink`, which may break off.
    ///
    /// # Errors
    ///
    /// Fails at the first flaw, after all items before it, and again with the same error on each further call.
    pub fn feed(
        &mut self,
        piece: &[u8],
        mut sink: impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ListingError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut from = 0;
        let mut at = 0;
        loop {
            let (read, result) = self.lexer.next(&piece[at..], self.level);
            at += read;
            let flow = match result {
                Ok(None) => break,
                Ok(Some(token)) => self.take(token, piece, &mut from, at, &mut sink),
                Err(flaw) => Err((self.offset + at as u64, flaw)),
            };
            match flow {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => {
                    self.offset += at as u64;
                    return Ok(ControlFlow::Break(()));
                }
                Err((offset, flaw)) => return Err(self.fail(offset, flaw)),
            }
        }
        if self.capture.is_some() {
            self.hold(piece, from);
        }
        self.offset += at as u64;
        if self.capture == Some(Capture::Key) && self.captured(0) > MAX_ENTRY as u64 {
            return Err(self.fail(self.offset, Flaw::KeyTooLong));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Says that nothing follows.
    ///
    /// # Errors
    ///
    /// Fails when the listing had a flaw, is not complete or lists no rooms.
    pub const fn finish(&self) -> Result<(), ListingError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let flaw = match (self.lexer.is_complete(), self.rooms_seen) {
            (false, _) => Flaw::Truncated,
            (true, false) => Flaw::NoRooms,
            (true, true) => return Ok(()),
        };
        Err(ListingError {
            offset: self.offset,
            flaw,
        })
    }

    /// Takes a token; the lexer shows none that lies deeper than `level`, so a key is one of ours and an end is that of
    /// the entry under way.
    fn take(
        &mut self,
        token: Token,
        piece: &[u8],
        from: &mut usize,
        at: usize,
        sink: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, (u64, Flaw)> {
        match token {
            Token::KeyStart => {
                *from = at;
                self.start(Capture::Key, at);
            }
            Token::KeyEnd => {
                let mut held = mem::take(&mut self.held);
                let key = joined(&mut held, &piece[*from..at - 1]);
                self.key(key)?;
                held.clear();
                self.held = held;
                self.capture = None;
            }
            Token::ObjectStart | Token::ArrayStart | Token::Scalar => {
                return self.value(token, from, at - 1, sink);
            }
            Token::ObjectEnd if self.capture == Some(Capture::Entry) => {
                let mut held = mem::take(&mut self.held);
                let fits = self.captured(at) <= MAX_ENTRY as u64;
                let body = if fits {
                    Body::Object(joined(&mut held, &piece[*from..at]))
                } else {
                    Body::Oversized
                };
                let flow = sink(Item::Entry {
                    session_id: &self.session_id,
                    body,
                });
                held.clear();
                self.held = held;
                self.capture = None;
                return Ok(flow);
            }
            Token::ObjectEnd => self.level = self.level.min(self.lexer.depth()),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes the first byte of a value, which is at `at`.
    fn value(
        &mut self,
        token: Token,
        from: &mut usize,
        at: usize,
        sink: &mut impl FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, (u64, Flaw)> {
        match (mem::replace(&mut self.next, Next::Skip), token) {
            (Next::Skip, _) => {}
            (Next::Enter, Token::ObjectStart) => {
                self.level += 1;
                if self.level == SESSIONS {
                    return Ok(sink(Item::Room(&self.room)));
                }
            }
            (Next::Enter, _) => return Err((self.offset + at as u64, Flaw::NotAnObject)),
            (Next::Entry, Token::ObjectStart) => {
                *from = at;
                self.start(Capture::Entry, at);
            }
            (Next::Entry, _) => {
                return Ok(sink(Item::Entry {
                    session_id: &self.session_id,
                    body: Body::Other,
                }));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes a complete key of one of the four levels and decides what to do with its value.
    fn key(&mut self, raw: &[u8]) -> Result<(), (u64, Flaw)> {
        if raw.len() > MAX_ENTRY {
            return Err((self.started + MAX_ENTRY as u64, Flaw::KeyTooLong));
        }
        // The lexer lets pass what JSON allows; half a surrogate pair is JSON and yet no text.
        let key = unescaped(raw).ok_or((self.started, Flaw::Malformed))?;
        self.next = match self.level {
            TOP if key == "rooms" && self.rooms_seen => return Err((self.started, Flaw::RoomsTwice)),
            TOP if key == "rooms" => {
                self.rooms_seen = true;
                Next::Enter
            }
            ROOMS => {
                key.as_ref().clone_into(&mut self.room);
                Next::Enter
            }
            ROOM if key == "sessions" => Next::Enter,
            SESSIONS => {
                key.as_ref().clone_into(&mut self.session_id);
                Next::Entry
            }
            _ => Next::Skip,
        };
        Ok(())
    }

    const fn start(&mut self, capture: Capture, at: usize) {
        self.capture = Some(capture);
        self.started = self.offset + at as u64;
    }

    /// How long the capture is when it ends at `at`.
    const fn captured(&self, at: usize) -> u64 {
        self.offset + at as u64 - self.started
    }

    /// Keeps the rest of `piece` for the next one, unless the capture is too large to be kept.
    fn hold(&mut self, piece: &[u8], from: usize) {
        if self.captured(piece.len()) > MAX_ENTRY as u64 {
            self.held.clear();
        } else {
            self.held.extend_from_slice(&piece[from..]);
        }
    }

    /// Stops for good. A key that is too long is reported as such wherever the listing was cut into pieces.
    fn fail(&mut self, offset: u64, flaw: Flaw) -> ListingError {
        let key_end = self.started + MAX_ENTRY as u64;
        let error = if self.capture == Some(Capture::Key) && offset > key_end {
            ListingError {
                offset: key_end,
                flaw: Flaw::KeyTooLong,
            }
        } else {
            ListingError { offset, flaw }
        };
        self.offset = error.offset;
        *self.failed.insert(error)
    }
}

/// Appends the last part of a capture to what earlier pieces held of it, if anything.
fn joined<'a>(held: &'a mut Vec<u8>, last: &'a [u8]) -> &'a [u8] {
    if held.is_empty() {
        return last;
    }
    held.extend_from_slice(last);
    held
}

/// Reads the inside of a JSON text; `None` when its escapes make no Unicode.
fn unescaped(raw: &[u8]) -> Option<Cow<'_, str>> {
    if !raw.contains(&b'\\') {
        return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice(&quoted).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests;
