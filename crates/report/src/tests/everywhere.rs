//! How often each judgement is made over the whole reduced space: a rule that moves, moves a number.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{every, golden::assert_golden};
use crate::{Chain, Fate, Verdict, judge};

#[test]
fn every_judgement_is_made_as_often_as_it_was() {
    let mut links = BTreeMap::<_, u64>::new();
    let mut verdicts = BTreeMap::<_, u64>::new();
    let mut findings = BTreeMap::<_, u64>::new();
    for situation in every::situations() {
        *links.entry(Chain::in_situation(&situation).links()).or_default() += 1;
        let judged = Fate::BOTH.map(|fate| judge(&situation, fate));
        let worst = judged
            .each_ref()
            .map(|it| Verdict::worst_of(it.iter().map(|it| it.severity)));
        *verdicts.entry(worst).or_default() += 1;
        for (fate, judged) in Fate::BOTH.into_iter().zip(judged) {
            for it in judged {
                *findings.entry((it.code, it.severity, fate)).or_default() += 1;
            }
        }
    }
    let mut table = String::new();
    for (links, count) in links {
        writeln!(table, "{count:>8} times {links:?}").unwrap();
    }
    for ([kept, ended], count) in verdicts {
        writeln!(
            table,
            "{count:>8} times {kept:?} if sessions are kept, {ended:?} if not"
        )
        .unwrap();
    }
    for ((code, severity, fate), count) in findings {
        writeln!(table, "{count:>8} times {code:?} as {severity:?}, {fate:?}").unwrap();
    }
    assert_golden("everywhere.txt", &table);
}
