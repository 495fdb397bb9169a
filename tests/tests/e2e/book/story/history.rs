//! What Mira has to lose: two years with her family and at work, and a year of hikes.

use lifeboat_tests::account::History;

/// Her rooms, in the order in which they are made; the last one never reaches the backup.
pub(super) const ROOMS: [&str; 3] = ["Family", "Work", "Hiking 2026"];
/// How much is written in each of them.
pub(super) const WRITTEN: History = History {
    rooms: ROOMS.len(),
    messages_each: 20,
    messages_per_key: 10,
};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// 1 December 2024.
const BEGINNING: u64 = 1_733_011_200_000;
/// Each month since then: its days, and how many messages of it there are in each room.
const MONTHS: [(u64, [usize; ROOMS.len()]); 24] = [
    (31, [1, 0, 0]),
    (31, [2, 2, 0]), // January 2025
    (28, [1, 3, 0]),
    (31, [1, 2, 0]),
    (30, [2, 1, 0]),
    (31, [3, 2, 0]),
    (30, [2, 1, 0]),
    (31, [1, 0, 0]),
    (31, [2, 2, 0]),
    (30, [1, 3, 0]),
    (31, [2, 2, 0]),
    (30, [2, 1, 0]),
    (31, [2, 1, 0]),
    (31, [1, 2, 0]), // January 2026
    (28, [1, 3, 2]),
    (31, [2, 2, 3]),
    (30, [2, 2, 4]),
    (31, [3, 1, 4]),
    (30, [2, 0, 5]),
    (31, [1, 1, 6]),
    (31, [2, 2, 5]),
    (30, [1, 3, 4]),
    (31, [2, 2, 4]),
    (30, [1, 2, 3]),
];

/// Says when a message was written, by the number of its room and its own in the room.
pub(super) fn date(room: usize, message: usize) -> u64 {
    let (mut beginning, mut before) = (BEGINNING, 0);
    for (days, counts) in MONTHS {
        let count = counts.get(room).copied().unwrap_or_default();
        if message < before + count {
            // In the first three weeks of each month: the newest one is older than the day on which the book plays.
            let share = 21 * DAY * (message - before) as u64 / count as u64;
            return beginning + share + 9 * HOUR;
        }
        before += count;
        beginning += days * DAY;
    }
    beginning
}

#[test]
fn every_message_has_a_date_before_the_day_of_the_book() {
    /// 23 November 2026.
    const TODAY: u64 = 1_795_392_000_000;
    for room in 0..ROOMS.len() {
        let messages = 2 * WRITTEN.messages_each;
        let written: usize = MONTHS.iter().map(|(_, counts)| counts[room]).sum();
        assert_eq!(written, messages);
        let dates: Vec<u64> = (0..messages).map(|message| date(room, message)).collect();
        assert!(dates.is_sorted() && dates.iter().all(|it| *it < TODAY), "{dates:?}");
    }
}
