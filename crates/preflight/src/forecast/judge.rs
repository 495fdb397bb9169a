//! Sorts every message into its class.

use std::collections::{BTreeMap, HashMap};

use lifeboat_backup::{Coverage, Entry, RoomCoverage, Standing};
use lifeboat_report::{
    Gap,
    forecast::{AtRisk, EventCounts, EventProof, Forecast, ForecastScope, RoomForecast},
};

use super::{
    at_risk::{Gathering, KeyAtRisk},
    ledger::{Kind, Row, Test},
    month::Month,
    scan::RoomHistory,
};

/// What the messages are compared with.
pub(super) struct Measure<'a> {
    pub(super) coverage: &'a Coverage,
    /// Why the listing of the backup ends before its end, if it does.
    pub(super) listing_gap: Option<Gap>,
    /// Whether messages were decrypted as a test.
    pub(super) tested: bool,
    /// The present moment, in seconds since the Unix epoch: nothing is newer, whatever a sender claims.
    pub(super) now: u32,
}

/// The class of one message.
enum Class {
    Covered,
    AtRisk(AtRisk, u32),
    NeverYours,
    Redacted,
    UnknownAlgorithm,
    NotJudged,
}

/// Everything counted so far.
#[derive(Default)]
struct Tally<'a> {
    senders: HashMap<&'a str, EventCounts>,
    months: BTreeMap<Month, EventCounts>,
    newest: u32,
    proof: EventProof,
    untested: u64,
    at_risk: Vec<KeyAtRisk>,
}

/// Judges what was read of all rooms, and names the room keys of what is at risk, room by room. What is readable stays
/// open: that depends on the keys.
pub(super) fn judge(
    histories: &[RoomHistory],
    measure: &Measure<'_>,
    scope: ForecastScope,
) -> (Forecast, Vec<KeyAtRisk>) {
    let mut tally = Tally::default();
    let mut rooms: Vec<RoomForecast> = histories.iter().map(|history| tally.room(history, measure)).collect();
    rooms.sort_by(|a, b| (b.events.at_risk, &a.room_id).cmp(&(a.events.at_risk, &b.room_id)));
    let mut events = EventCounts::default();
    rooms.iter().for_each(|room| events.add(&room.events));
    let rooms_complete = rooms.iter().filter(|it| it.complete).count() as u64;
    let complete = rooms_complete == scope.rooms && measure.listing_gap.is_none();
    let proof = measure.tested.then_some(EventProof {
        complete: tally.untested == 0,
        ..tally.proof
    });
    let forecast = Forecast {
        newest_event_at: (tally.newest > 0).then(|| u64::from(tally.newest) * 1000),
        newest_at_risk_at: rooms.iter().filter_map(|it| it.newest_at_risk_at).max(),
        senders: tally
            .senders
            .into_iter()
            .map(|(id, counts)| (id.to_owned(), counts))
            .collect(),
        months: tally
            .months
            .into_iter()
            .map(|(month, counts)| (month.to_string(), counts))
            .collect(),
        scope: ForecastScope {
            rooms_complete,
            listing_gap: measure.listing_gap,
            ..scope
        },
        event_proof: proof,
        events,
        rooms,
        complete,
    };
    (forecast, tally.at_risk)
}

impl<'a> Tally<'a> {
    fn room(&mut self, history: &'a RoomHistory, measure: &Measure<'_>) -> RoomForecast {
        let (ledger, room) = (&history.ledger, &history.room);
        let listed = measure.coverage.room(room.id.as_str());
        let entries: Vec<Option<Entry>> = ledger
            .keys
            .iter()
            .map(|key| listed.as_ref()?.entry(key.session?))
            .collect();
        let mut senders = vec![EventCounts::default(); ledger.senders.len()];
        let (mut events, mut newest_at_risk) = (EventCounts::default(), 0);
        let mut gathering = Gathering::default();
        for row in &ledger.rows {
            let entry = entries.get(row.key as usize).copied().flatten();
            let class = self.class(row, entry, measure);
            let at = row.at.min(measure.now);
            match class {
                Class::Redacted => {}
                Class::AtRisk(cause, _) => {
                    if let Some(session) = ledger.key_of(row).and_then(|key| key.session) {
                        gathering.take(session, row.index, cause);
                    }
                    newest_at_risk = newest_at_risk.max(at);
                    self.newest = self.newest.max(at);
                }
                _ => self.newest = self.newest.max(at),
            }
            count(&mut events, &class);
            count(self.months.entry(Month::of(at)).or_default(), &class);
            let sender = ledger.key_of(row).and_then(|key| senders.get_mut(key.sender as usize));
            if let Some(sender) = sender {
                count(sender, &class);
            }
        }
        self.at_risk.extend(gathering.finish(room));
        for (id, counts) in ledger.senders.iter().zip(&senders) {
            self.senders.entry(id).or_default().add(counts);
        }
        RoomForecast {
            room_id: room.id.to_string(),
            name: room.name.clone(),
            left: room.left,
            events,
            newest_at_risk_at: (newest_at_risk > 0).then(|| u64::from(newest_at_risk) * 1000),
            newest_event_id: history.newest.clone(),
            complete: history.complete,
            gap: history.gap,
        }
    }

    fn class(&mut self, row: &Row, entry: Option<Entry>, measure: &Measure<'_>) -> Class {
        let outside = match row.kind {
            Kind::Redacted => return Class::Redacted,
            Kind::Unreadable => return Class::UnknownAlgorithm,
            Kind::Outside => true,
            Kind::Message => false,
        };
        let risk = match Standing::of(entry, row.index) {
            Standing::Covered if measure.tested && row.test == Test::Fails => {
                self.proof.failed += 1;
                Class::AtRisk(AtRisk::DoesNotDecrypt, 0)
            }
            Standing::Covered => {
                // The listing is believed where nobody tried.
                match row.test {
                    Test::Decrypts => self.proof.decrypted += 1,
                    Test::NotTried | Test::Fails => self.untested += 1,
                }
                return Class::Covered;
            }
            // The entry may stand in the part that is missing.
            Standing::NotInBackup if measure.listing_gap.is_some() && !outside => return Class::NotJudged,
            Standing::NotInBackup => Class::AtRisk(AtRisk::NotInBackup, 0),
            Standing::StartsTooLate { by } => Class::AtRisk(AtRisk::StartsTooLate, by),
            Standing::Damaged(_) => Class::AtRisk(AtRisk::EntryDamaged, 0),
        };
        if outside { Class::NeverYours } else { risk }
    }
}

/// Counts the messages that are not covered and would be with what `older` holds.
pub(super) fn would_cover(histories: &[RoomHistory], coverage: &Coverage, older: &Coverage) -> u64 {
    let of_room = |history: &RoomHistory| {
        let room = history.room.id.as_str();
        let [present, older] = [coverage, older].map(|it| it.room(room));
        let ledger = &history.ledger;
        let gained = ledger
            .rows
            .iter()
            .filter(|row| row.kind == Kind::Message)
            .filter(|row| {
                let session = ledger.key_of(row).and_then(|key| key.session);
                let covers = |room: &Option<RoomCoverage<'_>>| {
                    let entry = room.as_ref().and_then(|room| room.entry(session?));
                    Standing::of(entry, row.index) == Standing::Covered
                };
                !covers(&present) && covers(&older)
            });
        gained.count() as u64
    };
    histories.iter().map(of_room).sum()
}

fn count(counts: &mut EventCounts, class: &Class) {
    match class {
        Class::Covered => counts.count_covered(),
        Class::AtRisk(cause, late_by) => counts.count_at_risk(*cause, *late_by),
        Class::NeverYours => counts.never_yours += 1,
        Class::Redacted => counts.redacted += 1,
        Class::UnknownAlgorithm => counts.unknown_algorithm += 1,
        Class::NotJudged => counts.not_judged += 1,
    }
}
