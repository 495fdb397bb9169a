//! What can be mended, made from what a check found.

use lifeboat_preflight::KeyAtRisk;
use lifeboat_report::{Fact, Report, facts::Session};
use lifeboat_rescue::{Offer, Plan, Repair, Wishes, plan};

use crate::{
    advice::{Advice, CommandLine, Remedy, advise},
    commands::trust::witnesses,
};

/// One thing that can be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fix {
    /// The recovery key is to be typed, or another one.
    RecoveryKey,
    /// An ark is saved before anything is changed.
    Ark,
    /// Something around the keys is mended: one repair, or several of which one needs the other.
    Repair(Vec<Repair>),
    /// Room keys that the backup lacks are fetched from living sessions.
    Rescue {
        /// How many messages need them.
        messages: u64,
        /// The sessions to ask, by name.
        sessions: Vec<String>,
    },
    /// A new recovery key is made with the help of a living session.
    NewRecoveryKey,
    /// The person does it in an app, or waits for it.
    ByHand(Advice),
}

impl Fix {
    /// Returns a name that stays the same in all versions.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::RecoveryKey => "recovery-key".to_owned(),
            Self::Ark => "ark".to_owned(),
            Self::Repair(repairs) => repairs.iter().map(Repair::code).collect::<Vec<_>>().join("+"),
            Self::Rescue { .. } => "rescue".to_owned(),
            Self::NewRecoveryKey => "new-recovery-key".to_owned(),
            Self::ByHand(advice) => format!("by-hand-{:?}", advice.remedy).to_lowercase(),
        }
    }

    /// Tells whether it changes something on the server.
    fn changes(&self) -> bool {
        matches!(self, Self::Repair(_) | Self::NewRecoveryKey)
    }
}

/// Whether an ark was saved in this conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// It was.
    Yes,
    /// It was not.
    No,
}

/// Returns what can be mended, in the order in which it is best done: first what makes the rest possible, then the least
/// destructive.
pub(crate) fn fixes(report: &Report, at_risk: &[KeyAtRisk], saved: Saved, account: &CommandLine) -> Vec<Fix> {
    let Plan { repairs, offers, .. } = plan(&report.facts, &Wishes::default());
    let repairs = together(repairs);
    let mends = !repairs.is_empty();
    let replaceable = offers.contains(&Offer::NewRecoveryKey);
    let advice = advise(report, account);
    let key_wanted = advice.iter().any(|it| asks_for_key(it.remedy));
    let mut fixes: Vec<Fix> = Vec::new();
    if key_wanted {
        fixes.push(Fix::RecoveryKey);
    }
    fixes.extend(repairs.into_iter().map(Fix::Repair));
    if key_wanted && replaceable {
        fixes.push(Fix::NewRecoveryKey);
    }
    for advice in advice {
        let fix = match advice.remedy {
            remedy if asks_for_key(remedy) || remedy == Remedy::Mend => continue,
            // What the repair leaves is seen when it is looked at again.
            Remedy::EnterRecoveryKey | Remedy::ChangeRecoveryKey if mends => continue,
            Remedy::ExportKeys if !at_risk.is_empty() && may_ask(report) => rescue(report, at_risk),
            Remedy::ChangeRecoveryKey if key_wanted && replaceable => continue,
            Remedy::ChangeRecoveryKey if replaceable => Fix::NewRecoveryKey,
            _ => Fix::ByHand(advice),
        };
        fixes.push(fix);
    }
    if saved == Saved::No
        && let Some(first) = fixes.iter().position(Fix::changes)
    {
        fixes.insert(first, Fix::Ark);
    }
    fixes
}

fn asks_for_key(remedy: Remedy) -> bool {
    matches!(remedy, Remedy::TestRecoveryKey | Remedy::FindRecoveryKey)
}

/// Puts repairs together where one needs what the other makes. Room keys are fetched by a fix of their own.
fn together(repairs: Vec<Repair>) -> Vec<Vec<Repair>> {
    let others: Vec<Repair> = repairs.into_iter().filter(|it| *it != Repair::FillBackup).collect();
    if others.iter().any(Repair::needs_fresh_key) {
        return vec![others];
    }
    others.into_iter().map(|it| vec![it]).collect()
}

/// Sessions answer a session that the identity vouches for: the recovery key makes it one, or another session does.
fn may_ask(report: &Report) -> bool {
    let all = report.facts.sessions.known().map_or(&[][..], Vec::as_slice);
    opens_storage(report) || !witnesses(all).is_empty()
}

/// Tells whether something that was typed opens secret storage.
pub(crate) fn opens_storage(report: &Report) -> bool {
    let trial = report.facts.key_trial.known();
    trial.is_some_and(|it| it.candidates.iter().any(|it| it.opens_default))
}

fn rescue(report: &Report, at_risk: &[KeyAtRisk]) -> Fix {
    let mut sessions: Vec<&Session> = others(report).collect();
    sessions.sort_by_key(|it| (std::cmp::Reverse(it.last_seen_at), it.device_id.as_str()));
    Fix::Rescue {
        messages: at_risk.iter().map(|it| it.messages).sum(),
        sessions: sessions.iter().map(|it| name_of(it)).collect(),
    }
}

fn name_of(session: &Session) -> String {
    let name = session.name.as_deref().filter(|it| !it.trim().is_empty());
    name.unwrap_or(&session.device_id).to_owned()
}

fn others(report: &Report) -> impl Iterator<Item = &Session> {
    let all = match &report.facts.sessions {
        Fact::Known(all) => all.as_slice(),
        Fact::Unknown(_) => &[],
    };
    all.iter().filter(|it| it.may_hold_room_keys())
}

#[cfg(test)]
mod tests {
    use lifeboat_preflight::ruma::room_id;
    use lifeboat_report::{
        Gap,
        facts::Secret,
        facts::SecretName,
        forecast::AtRisk,
        testing::{ACCOUNT, TAKEN_AT, healthy_facts},
    };

    use super::*;

    fn report(spoil: impl FnOnce(&mut lifeboat_report::Facts)) -> Report {
        let mut facts = healthy_facts();
        spoil(&mut facts);
        Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)
    }

    fn codes(report: &Report, at_risk: &[KeyAtRisk], saved: Saved) -> Vec<String> {
        let fixes = fixes(report, at_risk, saved, &CommandLine::account([ACCOUNT]));
        fixes.iter().map(Fix::code).collect()
    }

    #[test]
    fn a_healthy_account_needs_none() {
        assert!(codes(&report(|_| ()), &[], Saved::No).is_empty());
    }

    #[test]
    fn an_untested_key_comes_first() {
        let report = report(|it| it.key_trial = Fact::Unknown(Gap::NotAsked));
        assert_eq!(codes(&report, &[], Saved::No).first().unwrap(), "recovery-key");
    }

    #[test]
    fn an_ark_comes_before_the_first_change_and_once() {
        let report = report(|it| {
            if let Fact::Known(Some(active)) = &mut it.backup.active {
                active.signatures.clear();
            }
            if let Fact::Known(trial) = &mut it.key_trial {
                for candidate in &mut trial.candidates {
                    candidate.backup.clear();
                }
            }
            if let Fact::Known(storage) = &mut it.storage {
                storage.secrets.insert(SecretName::BackupKey, Secret::Blanked);
            }
        });
        let with = codes(&report, &[], Saved::No);
        let without = codes(&report, &[], Saved::Yes);
        assert_eq!(with.iter().filter(|it| *it == "ark").count(), 1, "{with:?}");
        assert!(!without.contains(&"ark".to_owned()), "{without:?}");
    }

    #[test]
    fn lacking_room_keys_are_asked_for() {
        let report = report(|it| {
            if let Fact::Known(coverage) = &mut it.coverage {
                coverage.at_risk = 3;
                coverage.covered -= 3;
            }
        });
        let key = KeyAtRisk {
            room_id: room_id!("!room:example.org").to_owned(),
            room_name: None,
            session_id: "s".to_owned(),
            first_index: 0,
            messages: 3,
            cause: AtRisk::NotInBackup,
        };
        let found = codes(&report, std::slice::from_ref(&key), Saved::No);
        assert!(found.contains(&"rescue".to_owned()), "{found:?}");
        let blind = codes(&report, &[], Saved::No);
        assert!(!blind.contains(&"rescue".to_owned()), "{blind:?}");
    }
}
