//! What the findings say.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::every;
use super::golden::assert_golden;
use super::spoiled::cases;
use crate::facts::DeviceKeys;
use crate::testing::{healthy_facts, session};
use crate::words::{count, list, plain_up_to};
use crate::{Code, Evidence, Fact, FactName, Fate, Finding, Gap, Severity, Verdict, grouped, judge, plain};

#[test]
fn the_sentences_of_every_spoiled_account_are_those_kept() {
    let mut text = String::new();
    for case in cases() {
        writeln!(text, "# {}", case.name).unwrap();
        for it in Finding::all_of(&case.facts) {
            let fates: Vec<String> = it.fates.iter().map(Fate::to_string).collect();
            writeln!(text, "{:7} {:10} {}: {it}", it.severity, fates.join("+"), it.code).unwrap();
        }
    }
    assert_golden("sentences.txt", &text);
}

#[test]
fn the_evidence_of_every_code_is_that_kept() {
    let mut text = String::new();
    let mut shown = BTreeSet::new();
    for it in cases().iter().flat_map(|it| Finding::all_of(&it.facts)) {
        let evidence = serde_json::to_string(&it.evidence).unwrap();
        if shown.insert((it.code, evidence.clone())) {
            writeln!(text, "{}: {evidence}", it.code).unwrap();
        }
    }
    assert_golden("evidence.txt", &text);
}

/// Every code with each severity and the fates that it can have.
fn every_weight() -> BTreeSet<(Code, Severity, Vec<Fate>)> {
    let mut weights = BTreeSet::new();
    for situation in every::situations() {
        let [kept, ended] = Fate::BOTH.map(|fate| judge(&situation, fate));
        // Both fates find the same codes: that is a law.
        for (kept, ended) in kept.into_iter().zip(ended) {
            if kept == ended {
                weights.insert((kept.code, kept.severity, Fate::BOTH.to_vec()));
            } else {
                weights.insert((kept.code, kept.severity, vec![Fate::SessionsKept]));
                weights.insert((ended.code, ended.severity, vec![Fate::SessionsEnded]));
            }
        }
    }
    weights
}

#[test]
fn the_meanings_of_every_code_are_those_kept() {
    let mut text = String::new();
    for (code, severity, fates) in every_weight() {
        let words: Vec<String> = fates.iter().map(Fate::to_string).collect();
        let finding = Finding::new(code, severity, fates, &healthy_facts());
        let meaning = finding.meaning();
        assert!(meaning.ends_with('.') && meaning.len() < 200, "{meaning}");
        writeln!(text, "{code}, {severity}, {}: {meaning}", words.join("+")).unwrap();
    }
    assert_golden("meanings.txt", &text);
}

#[test]
fn a_sentence_without_evidence_is_still_one() {
    for code in Code::ALL {
        let sentence = crate::sentence::sentence(*code, &Evidence::default());
        let begins = sentence.starts_with(|it: char| it.is_uppercase() || it.is_ascii_digit());
        assert!(sentence.ends_with('.') && begins, "{sentence}");
    }
}

#[test]
fn codes_are_written_the_same_everywhere() {
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(code.to_string(), code.as_str());
        assert!(code.as_str().chars().all(|it| it.is_ascii_lowercase() || it == '-'));
        let finding = Finding::new(*code, Severity::Note, Fate::BOTH.to_vec(), &healthy_facts());
        assert_eq!(finding.anchor(), format!("findings.md#{code}"));
    }
    assert_eq!(
        Code::ALL.iter().map(|it| it.as_str()).collect::<BTreeSet<_>>().len(),
        Code::ALL.len()
    );
}

#[test]
fn the_words_of_every_choice_are_those_kept() {
    use crate::{Closed, Route, Trend, facts::SignedInKind, forecast::AtRisk, history::Unreadable};
    let mut text = String::new();
    for it in [Trend::Better, Trend::Same, Trend::Different, Trend::Worse] {
        writeln!(text, "{it:?}: {:?}", it.word()).unwrap();
    }
    for it in SignedInKind::ALL {
        writeln!(text, "{it:?}: {:?}", it.words()).unwrap();
    }
    use AtRisk::{DoesNotDecrypt, EntryDamaged, NotInBackup, StartsTooLate};
    for it in [NotInBackup, StartsTooLate, EntryDamaged, DoesNotDecrypt] {
        writeln!(text, "{it:?}: {:?}", it.words()).unwrap();
    }
    use Unreadable::{NoRoomKey, NotInRoom};
    let not_read = [
        NoRoomKey,
        Unreadable::StartsTooLate,
        Unreadable::DoesNotDecrypt,
        NotInRoom,
    ];
    for it in not_read {
        writeln!(text, "{it:?}: {:?}", it.words()).unwrap();
    }
    for it in Route::ALL {
        writeln!(text, "{it:?}: {:?}", it.to_sessions()).unwrap();
    }
    use Closed::{Delegated, NoAdminApi, NoEmail, NoPasswordSignIn, NotDelegated, PasswordChangeDisabled};
    for it in [
        PasswordChangeDisabled,
        NoPasswordSignIn,
        NoEmail,
        NoAdminApi,
        Delegated,
        NotDelegated,
    ] {
        writeln!(text, "{it:?}: {:?}", it.words()).unwrap();
    }
    assert_golden("words.txt", &text);
}

#[test]
fn words_are_those_of_the_json() {
    for it in [Severity::Note, Severity::Caution, Severity::Blocker] {
        assert_eq!(serde_json::to_value(it).unwrap(), it.word());
        assert_eq!(it.to_string(), it.word());
    }
    for it in [Verdict::Clear, Verdict::Caution, Verdict::Blocked] {
        assert_eq!(serde_json::to_value(it).unwrap(), it.word());
        assert_eq!(it.to_string(), it.word());
    }
    assert_eq!(format!("[{:>8}]", Severity::Note), "[    note]");
    assert_eq!(format!("[{:8}]", Verdict::Clear), "[clear   ]");
}

#[test]
fn texts_of_others_cannot_steer_a_terminal() {
    assert_eq!(plain("Pixel 8 – “Mira’s” 😀 日本"), "Pixel 8 – “Mira’s” 😀 日本");
    for steering in "\u{0}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\u{2028}\u{202e}\u{2060}\u{206f}\u{feff}\u{fff9}\u{fffb}\u{e0001}\u{e007f}".chars() {
        assert_eq!(plain(&format!("a{steering}b")), "a\u{fffd}b", "{steering:?}");
    }
    assert_eq!(plain(&"x".repeat(64)), "x".repeat(64));
    assert_eq!(plain(&"x".repeat(65)), "x".repeat(64) + "…");
    assert_eq!(plain_up_to(2, "日本語"), "日本…");
}

#[test]
fn the_names_of_sessions_cannot_steer_a_sentence() {
    let mut facts = healthy_facts();
    let keys = DeviceKeys::Unsigned;
    facts.sessions = Fact::Known(vec![
        session("DEV\u{1b}[2J", Some("\u{202e}evil\n"), 0, keys),
        session("NAMELESS", Some("  "), 0, keys),
    ]);
    let findings = Finding::all_of(&facts);
    let sentence = findings
        .iter()
        .find(|it| it.code == Code::SessionNotSigned)
        .unwrap()
        .to_string();
    assert_eq!(
        sentence,
        "The identity does not vouch for 2 other sessions: “\u{fffd}evil” (DEV\u{fffd}[2J) and NAMELESS."
    );
}

#[test]
fn numbers_are_grouped_and_things_counted() {
    let numbers = [0, 7, 999, 1_000, 54_425, 1_000_000, u64::MAX].map(grouped);
    assert_eq!(
        numbers.join("|").replace('\u{a0}', " "),
        "0|7|999|1 000|54 425|1 000 000|18 446 744 073 709 551 615"
    );
    let counts = [0_u64, 1, 2].map(|it| count(it, "entry", "entries"));
    assert_eq!(counts, ["0 entries", "1 entry", "2 entries"]);
}

#[test]
fn lists_read_like_sentences() {
    let lists = [
        &[][..],
        &["a"],
        &["a", "b"],
        &["a", "b", "c"],
        &["a", "b", "c", "d"],
        &["a", "b", "c", "d", "e"],
    ];
    let read = lists.map(|it| list(it.iter().copied()));
    assert_eq!(
        read,
        ["", "a", "a and b", "a, b and c", "a, b, c and d", "a, b, c and 2 more"]
    );
}

#[test]
fn gaps_are_named_by_their_place_in_the_status_file() {
    let mut facts = healthy_facts();
    assert_eq!(facts.gaps(), vec![]);
    let gap = Gap::Offline;
    let Fact::Known(sessions) = &mut facts.sessions else {
        panic!("the sessions are known")
    };
    sessions[0].keys = Fact::Unknown(Gap::Unreadable);
    sessions[1].keys = Fact::Unknown(Gap::Offline);
    sessions[2].keys = Fact::Unknown(Gap::Unreadable);
    let of_sessions: Vec<_> = facts.gaps().iter().map(|it| (it.fact, it.gap)).collect();
    assert_eq!(
        of_sessions,
        [
            (FactName::SessionKeys, Gap::Offline),
            (FactName::SessionKeys, Gap::Unreadable)
        ]
    );

    facts.server.software = Fact::Unknown(gap);
    facts.server.admin_api = Fact::Unknown(gap);
    facts.server.spec_versions = Fact::Unknown(gap);
    facts.server.login_flows = Fact::Unknown(gap);
    facts.server.oauth = Fact::Unknown(gap);
    facts.server.password_change = Fact::Unknown(gap);
    facts.server.support = Fact::Unknown(gap);
    facts.account.emails = Fact::Unknown(gap);
    facts.sessions = Fact::Unknown(gap);
    facts.identity = Fact::Unknown(gap);
    facts.storage = Fact::Unknown(gap);
    facts.backup.active = Fact::Unknown(gap);
    facts.backup.switched_off = Fact::Unknown(gap);
    facts.key_trial = Fact::Unknown(gap);
    facts.proof = Fact::Unknown(gap);
    facts.coverage = Fact::Unknown(gap);
    let json = serde_json::to_value(&facts).unwrap();
    let gaps = facts.gaps();
    assert_eq!(gaps.len(), 16);
    let mut words = BTreeSet::new();
    for it in gaps {
        let name = serde_json::to_value(it.fact).unwrap();
        let pointer = format!("/{}", name.as_str().unwrap().replace('.', "/"));
        assert_eq!(
            json.pointer(&pointer).unwrap(),
            &serde_json::json!({"unknown": "offline"}),
            "{pointer}"
        );
        assert!(words.insert(it.fact.words()));
    }
}
