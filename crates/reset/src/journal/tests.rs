//! Tests of the journal: what is written is found again, whatever the end was.

use lifeboat_report::{Aboard, Route};

use super::{testing::begun, *};
use crate::flow::Outcome;

fn begin(folder: &Path) -> Journal {
    begun(folder, Route::OldPassword, Aboard::Stay)
}

fn unfinished(resets: &Path) -> Journal {
    match Journal::find(resets).unwrap() {
        Found::Unfinished(journal) => *journal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_is_found_again() {
    let home = tempfile::tempdir().unwrap();
    let resets = home.path().join("resets");
    assert!(matches!(Journal::find(&resets).unwrap(), Found::Nothing));
    let mut journal = begin(&resets.join("1"));
    let records = [
        Record::Session { device: "ONE".into() },
        Record::Began { step: 0 },
        Record::Ended {
            step: 0,
            outcome: Outcome::Done,
        },
        Record::Began { step: 1 },
    ];
    for record in &records {
        journal.append(record.clone()).unwrap();
        assert_eq!(unfinished(&resets).records(), journal.records());
    }
    let found = unfinished(&resets);
    assert_eq!(found.records(), records);
    assert_eq!(found.header(), journal.header());
    assert_eq!(found.own_sessions(), ["ONE"]);
    assert_eq!((found.password(), found.next()), (Password::Dark, Next::FindOut(1)));
    for step in 0..journal.plan().steps.len() {
        journal
            .append(Record::Ended {
                step,
                outcome: Outcome::Done,
            })
            .unwrap();
    }
    match Journal::find(&resets).unwrap() {
        Found::Finished(found) => assert_eq!(found.records(), journal.records()),
        other => panic!("{other:?}"),
    }
}

/// Where nobody can write, as in a home that has become read-only, whoever only looks can do so.
#[test]
fn a_finished_one_is_only_read() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("resets/1");
    let mut journal = begin(&folder);
    for step in 0..journal.plan().steps.len() {
        let outcome = Outcome::Done;
        journal.append(Record::Ended { step, outcome }).unwrap();
    }
    let cut_off = [fs::read(folder.join(FILE)).unwrap(), b"{\"at\":".to_vec()].concat();
    fs::write(folder.join(FILE), &cut_off).unwrap();
    let Found::Finished(mut found) = Journal::find(&home.path().join("resets")).unwrap() else {
        panic!("it is finished");
    };
    assert!(matches!(found.append(Record::Resumed), Err(JournalError::Disk { .. })));
    assert_eq!(fs::read(folder.join(FILE)).unwrap(), cut_off);
}

/// A crash may cut the file anywhere in its last line.
#[test]
fn a_line_that_was_cut_off_was_not_written() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("resets/1");
    let mut journal = begin(&folder);
    journal.append(Record::Began { step: 0 }).unwrap();
    let before = fs::read(folder.join(FILE)).unwrap();
    journal.append(Record::Began { step: 1 }).unwrap();
    let after = fs::read(folder.join(FILE)).unwrap();
    for length in before.len()..after.len() {
        fs::write(folder.join(FILE), &after[..length]).unwrap();
        let mut found = unfinished(&home.path().join("resets"));
        assert_eq!(found.records(), [Record::Began { step: 0 }], "{length}");
        found.append(Record::Resumed).unwrap();
        let again = unfinished(&home.path().join("resets"));
        assert_eq!(
            again.records(),
            [Record::Began { step: 0 }, Record::Resumed],
            "{length}"
        );
    }
    let first_line = before.iter().position(|byte| *byte == b'\n').unwrap();
    for length in 0..=first_line {
        fs::write(folder.join(FILE), &before[..length]).unwrap();
        assert!(matches!(
            Journal::find(&home.path().join("resets")).unwrap(),
            Found::Nothing
        ));
    }
}

#[test]
fn damage_and_newer_formats_are_said() {
    let home = tempfile::tempdir().unwrap();
    let (resets, folder) = (home.path().join("resets"), home.path().join("resets/1"));
    let mut journal = begin(&folder);
    journal.append(Record::Began { step: 0 }).unwrap();
    let text = fs::read_to_string(folder.join(FILE)).unwrap();
    fs::write(folder.join(FILE), format!("{text}nonsense\n")).unwrap();
    assert!(matches!(
        Journal::find(&resets),
        Err(JournalError::Damaged { line: 3, .. })
    ));
    fs::write(folder.join(FILE), text.replace("\"format\":1", "\"format\":2")).unwrap();
    assert!(matches!(Journal::find(&resets), Err(JournalError::Newer { .. })));
}

#[test]
fn one_run_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let held = AccountLock::take(home.path()).unwrap();
    assert!(matches!(AccountLock::take(home.path()), Err(JournalError::Busy)));
    assert!(matches!(
        AccountLock::take_if_possible(home.path()),
        Err(JournalError::Busy)
    ));
    drop(held);
    assert!(AccountLock::take(home.path()).is_ok());
    let looking = AccountLock::take_if_possible(home.path()).unwrap().unwrap();
    assert!(looking.is_writable());
    assert!(matches!(AccountLock::take(home.path()), Err(JournalError::Busy)));
}

#[test]
fn a_run_that_keeps_nothing_leaves_no_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("@mira");
    drop(AccountLock::take(&folder).unwrap());
    // Elsewhere a lock that is removed might be another one's by then.
    assert_eq!(folder.exists(), !cfg!(unix));
    let lock = AccountLock::take_if_possible(&folder).unwrap();
    fs::write(folder.join("kept"), "").unwrap();
    drop(lock);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn a_folder_is_removed_before_anybody_else_begins_in_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("@mira");
    let held = AccountLock::take(&folder).unwrap();
    for number in 0..500 {
        fs::create_dir(folder.join(number.to_string())).unwrap();
    }
    let coming = std::thread::spawn({
        let folder = folder.clone();
        move || {
            loop {
                match AccountLock::take(&folder) {
                    Ok(_lock) => return fs::read_dir(&folder).unwrap().count(),
                    // The folder is there, or is just being removed.
                    Err(_) => std::thread::yield_now(),
                }
            }
        }
    });
    let removed = held.remove_folder();
    let found = coming.join().unwrap();
    if cfg!(unix) {
        removed.unwrap();
        assert_eq!(found, 1);
    }
}

#[test]
fn where_nobody_can_write_looking_is_possible() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("a file");
    fs::write(&file, "and no folder").unwrap();
    assert!(matches!(AccountLock::take(&file), Err(JournalError::Disk { .. })));
    assert!(AccountLock::take_if_possible(&file).unwrap().is_none());
}

/// A lock that can be read and not written to, as on a disk that has become read-only: a folder is one for root, too.
#[cfg(unix)]
#[test]
fn a_lock_that_cannot_be_written_to_keeps_others_out_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("lock")).unwrap();
    assert!(matches!(AccountLock::take(home.path()), Err(JournalError::Disk { .. })));
    let looking = AccountLock::take_if_possible(home.path()).unwrap().unwrap();
    assert!(!looking.is_writable());
    assert!(matches!(
        AccountLock::take_if_possible(home.path()),
        Err(JournalError::Busy)
    ));
    drop(looking);
    assert!(AccountLock::take_if_possible(home.path()).unwrap().is_some());
}

#[test]
fn how_it_stands_is_read_without_opening_it() {
    let home = tempfile::tempdir().unwrap();
    let resets = home.path().join("resets");
    assert_eq!(Halfway::read(&resets).unwrap(), None);
    let mut journal = begin(&resets.join("1"));
    let sign_in = journal.plan().steps.iter().position(|it| *it == Step::SignIn);
    let change = journal.plan().change_number().unwrap();
    for step in 0..journal.plan().steps.len() {
        for record in [
            Record::Began { step },
            Record::Ended {
                step,
                outcome: Outcome::Done,
            },
        ] {
            let last = step + 1 == journal.plan().steps.len() && matches!(record, Record::Ended { .. });
            let ended = matches!(record, Record::Ended { .. });
            journal.append(record).unwrap();
            let expected = Halfway {
                password: journal.password(),
                signed_in: sign_in.is_some_and(|it| step > it || (step == it && ended)),
            };
            assert_eq!(Halfway::read(&resets).unwrap(), (!last).then_some(expected), "{step}");
            assert_eq!(expected.password == Password::Unchanged, step < change, "{step}");
        }
    }
    fs::write(resets.join("1").join(FILE), "nonsense\n").unwrap();
    assert!(matches!(
        Halfway::read(&resets),
        Err(JournalError::Damaged { line: 1, .. })
    ));
}

#[cfg(unix)]
#[test]
fn it_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("resets/1");
    let journal = begin(&folder);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(journal.folder()), mode(&folder.join(FILE))), (0o700, 0o600));
    let _lock = AccountLock::take(home.path()).unwrap();
    assert_eq!(mode(&home.path().join("lock")), 0o600);
}

#[test]
fn the_time_without_a_session_is_counted_from_the_change() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = begin(&home.path().join("1"));
    let ended = |outcome| Record::Ended { step: 1, outcome };
    let began = Record::Began { step: 1 };
    // Milliseconds may be the same: the times are replaced by their places.
    let mut since = |records: &[Record]| {
        journal.records = records.to_vec();
        journal.times = (0..records.len() as u64).collect();
        journal.changed_since()
    };
    assert_eq!(since(std::slice::from_ref(&began)), None);
    assert_eq!(since(&[began.clone(), ended(Outcome::Failed)]), None);
    assert_eq!(since(&[began.clone(), ended(Outcome::Done)]), Some(1));
    let tried_twice = [
        began.clone(),
        ended(Outcome::Failed),
        began.clone(),
        ended(Outcome::Done),
    ];
    assert_eq!(since(&tried_twice), Some(3));
    let dark = [
        began.clone(),
        ended(Outcome::Dark),
        Record::Resumed,
        ended(Outcome::Done),
    ];
    assert_eq!(since(&dark), Some(1));
    let killed = [began, Record::Resumed, ended(Outcome::Done)];
    assert_eq!(since(&killed), Some(0));
}

#[test]
fn a_clock_that_was_put_back_hides_no_reset() {
    let home = tempfile::tempdir().unwrap();
    let resets = home.path().join("resets");
    for stamp in ["20270101T000000.000Z", "20261126T030000.000Z", "20261126T030000.000Z"] {
        let folder = Journal::new_place(&resets, stamp.to_owned());
        begin(&folder);
        assert_eq!(unfinished(&resets).folder(), folder);
    }
    assert_eq!(fs::read_dir(&resets).unwrap().count(), 3);
}
