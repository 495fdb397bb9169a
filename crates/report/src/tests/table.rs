//! The table: one thing spoiled, exactly these findings.

use std::collections::BTreeSet;

use super::spoiled::cases;
use crate::testing::{ACCOUNT, TAKEN_AT};
use crate::{Code, Fate, Finding, Report, Severity, Verdict, Verdicts};

/// The first letter of a finding's severity under `fate`, if it is found there.
fn letter(findings: &[Finding], code: Code, fate: Fate) -> char {
    let found = findings.iter().find(|it| it.code == code && it.fates.contains(&fate));
    found.map_or('-', |it| match it.severity {
        Severity::Note => 'N',
        Severity::Caution => 'C',
        Severity::Blocker => 'B',
    })
}

#[test]
fn one_thing_spoiled_gives_exactly_these_findings() {
    let mut wrong = Vec::new();
    for case in cases() {
        let findings = Finding::all_of(&case.facts);
        let codes: BTreeSet<Code> = findings.iter().map(|it| it.code).collect();
        let [kept, ended] = Fate::BOTH;
        let found: Vec<String> = codes
            .into_iter()
            .map(|code| {
                format!(
                    "{code} {} {}",
                    letter(&findings, code, kept),
                    letter(&findings, code, ended)
                )
            })
            .collect();
        if found != case.expected {
            wrong.push(format!("{}: {found:?} instead of {:?}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_every_code() {
    let expected: Vec<&str> = cases().iter().flat_map(|it| it.expected).copied().collect();
    let has = |code: &Code| expected.iter().any(|it| it.split(' ').next() == Some(code.as_str()));
    let missing: Vec<&Code> = Code::ALL.iter().filter(|it| !has(it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_verdicts_are_those_of_the_worst_finding() {
    for case in cases() {
        let report = Report::of(ACCOUNT.into(), TAKEN_AT, case.facts);
        let verdict = |place| {
            let letters = case
                .expected
                .iter()
                .filter_map(|it| it.split(' ').nth(place)?.chars().next());
            Verdict::worst_of(letters.map(|it| match it {
                'B' => Severity::Blocker,
                'C' => Severity::Caution,
                _ => Severity::Note,
            }))
        };
        assert_eq!(
            report.verdict,
            Verdicts {
                kept: verdict(1),
                ended: verdict(2)
            },
            "{}",
            case.name
        );
        for fate in Fate::BOTH {
            let of_fate = report.findings.iter().filter(|it| it.fates.contains(&fate));
            assert_eq!(
                report.verdict.of(fate),
                Verdict::worst_of(of_fate.map(|it| it.severity))
            );
        }
    }
}

#[test]
fn findings_are_ordered_and_each_fate_has_a_code_once() {
    for case in cases() {
        let findings = Finding::all_of(&case.facts);
        let order = |it: &Finding| (std::cmp::Reverse(it.severity), it.code);
        assert!(findings.is_sorted_by_key(order), "{}", case.name);
        for fate in Fate::BOTH {
            let codes: Vec<Code> = findings
                .iter()
                .filter(|it| it.fates.contains(&fate))
                .map(|it| it.code)
                .collect();
            assert_eq!(
                codes.len(),
                codes.iter().collect::<BTreeSet<_>>().len(),
                "{}",
                case.name
            );
        }
        assert!(
            findings.iter().all(|it| it.fates.is_sorted() && !it.fates.is_empty()),
            "{}",
            case.name
        );
    }
}
