//! Reads the history of encrypted rooms.

use std::sync::atomic::{AtomicU64, Ordering};

use lifeboat_report::Gap;
use matrix_sdk::ruma::api::Direction;

use super::{
    ForecastOptions,
    event::{self, Content},
    ledger::{Entering, Ledger},
    pace::Pace,
    page::Pages,
    pager::{Pager, Turn},
    rooms::Room,
    texts::Texts,
};
use crate::Caller;

/// Reads rooms, several at a time, within common limits.
pub(super) struct Scan<'a> {
    pub(super) caller: &'a Caller,
    pub(super) pace: &'a Pace,
    pub(super) options: &'a ForecastOptions,
    pub(super) texts: &'a Texts,
    allowance: Allowance,
    pages: Pages,
}

/// What was read of a room.
#[derive(Debug)]
pub(super) struct RoomHistory {
    pub(super) room: Room,
    pub(super) ledger: Ledger,
    /// The ciphertexts of some messages, with the numbers of their rows.
    pub(super) texts: Vec<(u32, Box<str>)>,
    /// Whether nothing of the history is missing.
    pub(super) complete: bool,
    /// Why something is missing, if the server is the reason.
    pub(super) gap: Option<Gap>,
    /// Where a later run may go on; without it that begins anew.
    pub(super) until: Option<String>,
    /// The id of the newest message.
    pub(super) newest: Option<String>,
}

/// Where a room was read to by an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) ledger: Ledger,
    /// Events after this place were not read.
    pub(super) until: String,
    /// The id of the newest message.
    pub(super) newest: Option<String>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(caller: &'a Caller, pace: &'a Pace, options: &'a ForecastOptions, texts: &'a Texts) -> Self {
        let allowance = Allowance(AtomicU64::new(options.max_events.unwrap_or(u64::MAX)));
        Self {
            caller,
            pace,
            options,
            texts,
            allowance,
            pages: Pages::default(),
        }
    }

    /// Reads the history of a room with `GET /_matrix/client/v3/rooms/ROOM/messages`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmessages)): from its end
    /// to its start, or after an earlier run from there to its end. Changes nothing.
    ///
    /// `moment` is the place in the server's stream of events before which this reading reaches back in any case: a
    /// `next_batch` of `/sync`, which the specification lets `/messages` begin with.
    pub(super) async fn read_room(
        &self,
        room: Room,
        remembered: Option<Remembered>,
        moment: Option<&str>,
    ) -> RoomHistory {
        let mut history = match remembered {
            None => self.read_anew(room).await,
            Some(Remembered { ledger, until, newest }) => {
                let (pager, entering) = (Pager::starting(Some(until.clone())), Entering::resume(ledger));
                let newer = self.read(room.clone(), Direction::Forward, pager, entering).await;
                match newer.gap {
                    // The server does not know that place any more: everything is read anew.
                    Some(Gap::Refused | Gap::Unreadable | Gap::Unsupported) => self.read_anew(room).await,
                    _ => RoomHistory {
                        until: Some(until),
                        newest: newer.newest.or(newest),
                        ..newer
                    },
                }
            }
        };
        if history.complete {
            history.until = moment.map(str::to_owned);
        }
        self.options.progress.room_done();
        history
    }

    async fn read_anew(&self, room: Room) -> RoomHistory {
        self.read(room, Direction::Backward, Pager::default(), Entering::default())
            .await
    }

    async fn read(&self, room: Room, direction: Direction, mut pager: Pager, mut entering: Entering) -> RoomHistory {
        let (mut texts, mut left_out, mut newest) = (Vec::new(), false, None);
        let mut end = End::LeftOut;
        while end == End::LeftOut && !self.options.progress.is_stopped() && !self.allowance.is_used_up() {
            let line = (self.caller, self.pace, &self.options.progress);
            let page = match self.pages.ask(line, &room.id, direction, pager.from()).await {
                Ok(page) => page,
                Err(gap) => {
                    end = End::Gap(gap);
                    break;
                }
            };
            let before = entering.len();
            let json = page.chunk.iter().map(|event| event.json().get());
            let read = self.enter_page(json, &mut entering, &mut texts);
            self.options.progress.read_events((entering.len() - before) as u64);
            left_out |= read.left_out;
            newest = match direction {
                Direction::Backward => newest.or(read.first),
                Direction::Forward => read.last.or(newest),
            };
            match pager.turn(page.end, page.chunk.len(), entering.len() - before + read.too_old) {
                Turn::GoOn if direction == Direction::Backward && read.reached_the_limit => break,
                Turn::GoOn => {}
                Turn::Complete if left_out => break,
                Turn::Complete => end = End::Start,
                Turn::Lost => end = End::Gap(Gap::Unreadable),
            }
        }
        if self.texts.are_dropped() {
            texts = Vec::new();
        }
        let gap = match end {
            End::Gap(Gap::NotAsked) | End::Start | End::LeftOut => None,
            End::Gap(gap) => Some(gap),
        };
        RoomHistory {
            room,
            ledger: entering.finish(),
            texts,
            complete: end == End::Start,
            gap,
            until: None,
            newest,
        }
    }

    fn enter_page<'e>(
        &self,
        chunk: impl Iterator<Item = &'e str>,
        entering: &mut Entering,
        texts: &mut Vec<(u32, Box<str>)>,
    ) -> PageRead {
        let since = self.options.since.unwrap_or(0);
        let mut read = PageRead::default();
        let mut young = 0;
        for json in chunk {
            let Some(event) = event::read(json) else {
                event::redacts(json).into_iter().for_each(|id| entering.redact(id));
                continue;
            };
            if event.at < since {
                read.too_old += 1;
                continue;
            }
            young += 1;
            if !self.allowance.take() {
                read.left_out = true;
                break;
            }
            if !event.event_id.is_empty() {
                read.first.get_or_insert_with(|| event.event_id.to_string());
                read.last = Some(event.event_id.to_string());
            }
            let Some(row) = entering.enter(&event) else {
                self.allowance.give_back();
                continue;
            };
            if let Content::Megolm { ciphertext, .. } = &event.content {
                texts.extend(self.texts.keep(ciphertext).map(|text| (row, text)));
            }
        }
        // Moments are the senders' claims: one page that is old throughout is taken for the limit.
        read.reached_the_limit = young == 0 && read.too_old > 0;
        read.left_out |= read.too_old > 0;
        read
    }
}

/// What one page was good for.
#[derive(Debug, Default)]
struct PageRead {
    too_old: usize,
    /// All messages of the page are older than those asked for.
    reached_the_limit: bool,
    /// Some messages were not entered on purpose.
    left_out: bool,
    /// The ids of the first and the last message that were entered, in the order of the page.
    first: Option<String>,
    last: Option<String>,
}

/// How the reading of a room ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Everything was read.
    Start,
    /// Something was left out on purpose.
    LeftOut,
    /// The server is the reason that something is missing.
    Gap(Gap),
}

/// How many messages may still be entered.
#[derive(Debug)]
struct Allowance(AtomicU64);

impl Allowance {
    fn take(&self) -> bool {
        let less = |left: u64| {
            if left == u64::MAX {
                Some(left)
            } else {
                left.checked_sub(1)
            }
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn give_back(&self) {
        let more = |left: u64| if left == u64::MAX { None } else { Some(left + 1) };
        // Without a limit there is nothing to give back.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    fn is_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
