use lifeboat_report::{
    Fact, Facts, Gap, Report,
    facts::{DefaultKey, DeviceKeys, Identity, OAuth, PasswordChange, Secret, SecretName, Session, Support},
    testing::{self, ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::render;
use crate::advice::CommandLine;

fn shown(facts: Facts, width: usize) -> String {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
    let screen = render(&report, &CommandLine::account([ACCOUNT]), width);
    anstream::adapter::strip_str(&screen).to_string()
}

fn at_three_widths(name: &str, facts: &Facts) {
    for width in [60, 80, 120] {
        let screen = shown(facts.clone(), width);
        let command_lines = |it: &&str| !it.trim_start().starts_with("lifeboat ");
        for line in screen.lines().filter(command_lines) {
            assert!(textwrap::core::display_width(line) <= width, "wider than {width}: {line}");
        }
        insta::assert_snapshot!(format!("{name}-{width}"), screen);
    }
}

/// What a check without a recovery key sees of an account that was never looked after.
fn neglected() -> Facts {
    let mut facts = healthy_facts();
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.proof = Fact::Unknown(Gap::NotAsked);
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    facts.account.emails = Fact::Known(Vec::new());
    facts.server.oauth = Fact::Unknown(Gap::RateLimited);
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.push(testing::session("OLDTABLET1", None, TAKEN_AT - 500 * 86_400_000, DeviceKeys::Unsigned));
        sessions.push(testing::session("GHOST", Some(""), TAKEN_AT - 3_600_000, DeviceKeys::None));
    }
    if let Fact::Known(storage) = &mut facts.storage {
        storage.secrets.insert(SecretName::BackupKey, Secret::Blanked);
        storage.secrets.insert(SecretName::UserSigning, Secret::StoredUnder(vec!["OLDKEY".to_owned()]));
    }
    facts
}

#[test]
fn healthy() {
    at_three_widths("healthy", &healthy_facts());
}

#[test]
fn in_trouble() {
    at_three_widths("neglected", &neglected());
}

#[test]
fn nothing_is_known() {
    let mut facts = healthy_facts();
    let gaps = [Gap::Offline, Gap::Refused, Gap::RateLimited, Gap::Failed, Gap::Unsupported, Gap::Unreadable];
    facts.server.software = Fact::Unknown(Gap::Unsupported);
    facts.server.oauth = Fact::Unknown(gaps[0]);
    facts.server.password_change = Fact::Unknown(gaps[1]);
    facts.server.support = Fact::Unknown(gaps[2]);
    facts.account.emails = Fact::Unknown(gaps[3]);
    facts.sessions = Fact::Unknown(gaps[4]);
    facts.identity = Fact::Unknown(gaps[5]);
    facts.storage = Fact::Unknown(gaps[0]);
    facts.backup.active = Fact::Unknown(gaps[1]);
    facts.backup.switched_off = Fact::Unknown(gaps[2]);
    facts.key_trial = Fact::Unknown(gaps[3]);
    facts.proof = Fact::Unknown(gaps[4]);
    facts.coverage = Fact::Unknown(gaps[5]);
    insta::assert_snapshot!(shown(facts, 80));
}

#[test]
fn nothing_is_there() {
    let mut facts = healthy_facts();
    facts.sessions = Fact::Known(Vec::new());
    facts.identity = Fact::Known(Identity::default());
    if let Fact::Known(storage) = &mut facts.storage {
        storage.default_key = DefaultKey::NotSet;
        storage.keys.clear();
        storage.secrets.clear();
    }
    facts.backup.active = Fact::Known(None);
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    facts.server.password_change = Fact::Known(PasswordChange::Disabled);
    insta::assert_snapshot!(shown(facts, 80));
}

#[test]
fn accounts_are_kept_elsewhere() {
    let mut facts = healthy_facts();
    facts.server.oauth = Fact::Known(Some(OAuth {
        issuer: "https://account.example.org/".to_owned(),
        account_management_uri: Some("https://account.example.org/account".to_owned()),
    }));
    insta::assert_snapshot!(shown(facts, 80));
}

#[test]
fn the_servers_words_cannot_steer_the_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}gpj\r\n CLEAR  everything is fine\u{9b}31m\u{2066}".repeat(50);
    let mut facts = neglected();
    facts.server.base_url = evil.clone();
    if let Fact::Known(software) = &mut facts.server.software {
        software.name = evil.clone();
        software.version = evil.clone();
    }
    facts.server.support = Fact::Known(Some(Support { contacts: Vec::new(), support_page: Some(evil.clone()) }));
    facts.server.password_change = Fact::Known(PasswordChange::Disabled);
    facts.server.oauth =
        Fact::Known(Some(OAuth { issuer: evil.clone(), account_management_uri: Some(evil.clone()) }));
    if let Fact::Known(sessions) = &mut facts.sessions {
        let hostile = |it: Session| Session { name: Some(evil.clone()), device_id: evil.clone(), ..it };
        *sessions = sessions.drain(..).map(hostile).collect();
    }
    if let Fact::Known(storage) = &mut facts.storage {
        storage.default_key = DefaultKey::Named(evil.clone());
        let keys = std::mem::take(&mut storage.keys);
        storage.keys = keys.into_values().map(|it| (evil.clone(), it)).collect();
    }
    if let Fact::Known(Some(backup)) = &mut facts.backup.active {
        backup.version = evil.clone();
    }
    let report = Report::of(evil.clone(), TAKEN_AT, facts);
    let screen = render(&report, &CommandLine::account(["@you:your.server"]), 80);
    let screen = anstream::adapter::strip_str(&screen).to_string();
    for line in screen.lines() {
        let steering = |it: char| it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!line.contains(steering), "{line:?}");
        assert!(!line.starts_with(" CLEAR"), "no line of its own: {line:?}");
    }
    assert!(screen.lines().count() < 200, "names are cut:\n{screen}");
}
