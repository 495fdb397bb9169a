//! The page of the documentation that every finding links to: what each code means and what helps, in the program's words.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use lifeboat_report::{Code, Fact, FactGap, FactName, Facts, Gap, Severity, testing};

use super::super::{CommandLine, Remedy, mend, remedy, words};
use super::report;

const BEGIN: &str = "\
# Findings

Every finding has a code that stays the same in all versions, a severity, and a meaning. A *blocker* means that something readable
today would be lost, or that nothing shows that it would not; a *caution* wants to be read before a reset; a *note* is for
information. The severity can differ between the two ways a reset can go: your sessions *kept*, or every session *ended*.

What helps depends on the account: `lifeboat check` gives the steps for yours, the least destructive first.
";

/// All that the program could advise about a code.
fn remedies(code: Code, severity: Severity) -> BTreeSet<Remedy> {
    let mut untested = testing::healthy_facts();
    untested.key_trial = Fact::Unknown(Gap::NotAsked);
    let mut found = BTreeSet::new();
    for facts in [testing::healthy_facts(), untested] {
        let mut finding = testing::finding(code, severity, &facts);
        found.extend(remedy::of(&finding, &facts));
        for gap in [Gap::Offline, Gap::RateLimited, Gap::Refused] {
            finding.evidence.gaps = vec![FactGap {
                fact: FactName::Identity,
                gap,
            }];
            found.extend(remedy::of(&finding, &facts));
        }
    }
    found
}

/// Facts in which nobody is named: the words are then about any account.
fn of_anybody() -> Facts {
    let mut facts = testing::healthy_facts();
    facts.sessions = Fact::Unknown(Gap::NotAsked);
    facts.server.support = Fact::Unknown(Gap::NotAsked);
    facts
}

/// What is to be said of a code that no step of its own is advised for.
fn without_a_step(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::BackupNotProven => {
            "Check again with your recovery key, and let the check come to its end: it then tries every entry. Run `lifeboat \
             check @you:your.server --ask-recovery-key`."
        }
        Code::OnlySession => {
            "Nothing needs doing about it by itself: what counts is that your recovery key leads to your messages, and other \
             findings say where it does not."
        }
        Code::DehydratedSession => {
            "Nothing needs doing: your apps look after it. It stays as it is in a reset that keeps your sessions."
        }
        Code::NoPasswordSignIn => {
            "Nothing needs doing here: if you cannot get in, ask those who sign you in for a new password."
        }
        Code::SignsInElsewhere => {
            "Nothing needs doing here: if you sign in through the provider, change the password there."
        }
        _ => return None,
    })
}

fn helps(page: &mut String, code: Code, severity: Severity) -> std::fmt::Result {
    let account = CommandLine::account(["@you:your.server"]);
    let remedies = remedies(code, severity);
    let mends = !mend::about(code).is_empty();
    let otherwise = without_a_step(code);
    if remedies.is_empty() && !mends && otherwise.is_none() {
        return Ok(());
    }
    writeln!(page, "\nWhat helps:\n")?;
    if let Some(sentence) = otherwise {
        writeln!(page, "- {sentence}")?;
    }
    if mends {
        writeln!(
            page,
            "- Where what you have leads to enough, `lifeboat repair @you:your.server` [mends it](repairs.md)."
        )?;
    }
    for it in remedies {
        let advice = words::advice(it, &report(of_anybody()), &account);
        write!(page, "- {}", advice.what)?;
        if let Some(command) = advice.command {
            write!(page, " Run `{command}`.")?;
        }
        if let Some(path) = advice.in_element {
            write!(page, " In Element: {path}.")?;
        }
        writeln!(page)?;
    }
    Ok(())
}

#[test]
fn the_page_of_findings_is_the_one_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Kept beside the rules, by a test of theirs: `code, severity, fates: meaning`.
    let meanings = fs::read_to_string(root.join("crates/report/src/tests/golden/meanings.txt")).unwrap();
    let mut page = BEGIN.to_owned();
    for code in Code::ALL {
        let mut worst = Severity::Note;
        write!(page, "\n## {code}\n\n").unwrap();
        for line in meanings.lines() {
            let (head, meaning) = line.split_once(": ").unwrap();
            let parts: Vec<_> = head.split(", ").collect();
            let [name, severity, fates] = parts[..] else {
                panic!("{line}")
            };
            if name != code.as_str() {
                continue;
            }
            let known = [Severity::Note, Severity::Caution, Severity::Blocker];
            worst = worst.max(known.into_iter().find(|it| it.word() == severity).unwrap());
            writeln!(page, "- {severity} ({}): {meaning}", fates.replace('+', " and ")).unwrap();
        }
        helps(&mut page, *code, worst).unwrap();
    }
    let place = root.join("docs/findings.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&place, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&place).unwrap() == page,
        "docs/findings.md is another one; if that is meant, run the test with UPDATE_GOLDEN=1"
    );
}
