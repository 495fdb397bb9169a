//! What holds in every situation.

use super::every;
use crate::rules::RULES;
use crate::situation::{
    Accounts, Backup, Coverage, Identity, OffSwitch, PasswordChange, Proof, Sessions, Storage, Trial,
};
use crate::{Code, Fate, Situation, Verdict, judge};

fn verdict(situation: &Situation, fate: Fate) -> Verdict {
    Verdict::worst_of(judge(situation, fate).iter().map(|it| it.severity))
}

/// Whether something is not known that a verdict needs. E-mail addresses are none of it: they threaten nothing.
fn has_gap(it: &Situation) -> bool {
    let storage_keys = matches!(it.storage, Storage::Known { default, .. } if default.has_keys());
    let provable = matches!(it.backup, Backup::Known { empty: false, .. }) && it.trial.opens_backup();
    it.identity == Identity::Unknown
        || matches!(it.sessions, Sessions::Unknown | Sessions::Known { unclear: true, .. })
        || it.storage == Storage::Unknown
        || it.backup == Backup::Unknown
        || it.off_switch == OffSwitch::Unknown
        || it.coverage == Coverage::Unknown
        || matches!(it.coverage, Coverage::Known { complete: false, .. })
        || it.accounts == Accounts::Unknown
        || it.password_change == PasswordChange::Unknown
        || it.trial == Trial::Unknown && storage_keys
        || provable && matches!(it.proof, Proof::Unknown | Proof::Known { complete: false, .. })
}

#[test]
fn every_rule_stands_in_the_table_once_and_in_the_order_of_the_codes() {
    let codes: Vec<Code> = RULES.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, Code::ALL);
}

#[test]
fn every_situation_is_judged_and_every_code_is_found_in_some() {
    let mut found = std::collections::BTreeSet::new();
    for situation in every::situations() {
        for fate in Fate::BOTH {
            let judged = judge(&situation, fate);
            assert!(judged.is_sorted_by(|one, next| one.code < next.code), "{situation:?}");
            found.extend(judged.iter().map(|it| it.code));
        }
    }
    assert!(
        found.iter().eq(Code::ALL),
        "never found: {:?}",
        Code::ALL.iter().filter(|it| !found.contains(it))
    );
}

#[test]
fn a_gap_is_never_clear_when_sessions_end() {
    for situation in every::situations().filter(has_gap) {
        assert_ne!(
            verdict(&situation, Fate::SessionsEnded),
            Verdict::Clear,
            "{situation:?}"
        );
    }
}

#[test]
fn clear_when_sessions_end_needs_proof_of_everything_or_nothing_to_lose() {
    let mut clear = 0;
    for it in every::situations().filter(|it| verdict(it, Fate::SessionsEnded) == Verdict::Clear) {
        clear += 1;
        let unharmed = Coverage::Known {
            at_risk: false,
            complete: true,
        };
        let proven = it.proof
            == Proof::Known {
                damaged: false,
                complete: true,
            };
        let empty = matches!(it.backup, Backup::Known { empty: true, .. });
        let safe = it.coverage == unharmed && it.trial.opens_backup() && (proven || empty);
        assert!(safe || it.coverage == Coverage::NoHistory, "{it:?}");
    }
    assert!(clear > 100, "only {clear} situations are clear");
}

#[test]
fn a_blocker_is_only_for_ended_sessions_and_threatened_history() {
    for it in every::situations() {
        assert_ne!(verdict(&it, Fate::SessionsKept), Verdict::Blocked, "{it:?}");
        let whole = matches!(
            it.coverage,
            Coverage::NoHistory
                | Coverage::Known {
                    at_risk: false,
                    complete: true
                }
        );
        let safe = whole && it.trial.opens_backup() && it.storage != Storage::Unknown;
        if safe || it.coverage == Coverage::NoHistory {
            assert_ne!(verdict(&it, Fate::SessionsEnded), Verdict::Blocked, "{it:?}");
        }
    }
}

#[test]
fn without_a_safe_way_back_ended_sessions_are_blocked() {
    for it in every::recoveries() {
        let whole = matches!(
            it.coverage,
            Coverage::NoHistory
                | Coverage::Known {
                    at_risk: false,
                    complete: true
                }
        );
        if !whole || it.coverage != Coverage::NoHistory && !it.trial.opens_backup() {
            assert_eq!(verdict(&it, Fate::SessionsEnded), Verdict::Blocked, "{it:?}");
        }
    }
}

#[test]
fn kept_sessions_are_never_worse_than_ended_ones_but_for_having_none() {
    for situation in every::situations() {
        let ended = judge(&situation, Fate::SessionsEnded);
        for kept in judge(&situation, Fate::SessionsKept) {
            let same = ended.iter().find(|it| it.code == kept.code);
            assert!(
                kept.code == Code::OnlySession || same.is_some_and(|it| it.severity >= kept.severity),
                "{kept:?}"
            );
        }
        if !matches!(situation.sessions, Sessions::Known { only: true, .. }) {
            assert!(verdict(&situation, Fate::SessionsKept) <= verdict(&situation, Fate::SessionsEnded));
        }
    }
}

#[test]
fn both_fates_find_the_same() {
    for situation in every::situations() {
        let codes = |fate| {
            judge(&situation, fate)
                .into_iter()
                .map(|it| it.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(Fate::SessionsKept), codes(Fate::SessionsEnded), "{situation:?}");
    }
}

#[test]
fn a_gap_in_place_of_a_good_value_never_improves_a_verdict() {
    let healthy = every::healthy();
    let unproven = |it: &Situation| Situation {
        proof: Proof::Unknown,
        ..*it
    };
    for it in every::situations() {
        let mut worse = vec![
            Situation {
                coverage: Coverage::Unknown,
                ..it
            },
            // Without the version nothing opens it, and there is nothing to prove.
            Situation {
                backup: Backup::Unknown,
                trial: closed(it.trial),
                ..unproven(&it)
            },
            Situation {
                storage: Storage::Unknown,
                ..it
            },
            Situation {
                identity: Identity::Unknown,
                ..it
            },
            Situation {
                sessions: Sessions::Unknown,
                ..it
            },
            Situation {
                off_switch: OffSwitch::Unknown,
                ..it
            },
            Situation {
                accounts: Accounts::Unknown,
                ..it
            },
        ];
        if it.trial == healthy.trial {
            worse.push(Situation {
                trial: Trial::Unknown,
                ..unproven(&it)
            });
        }
        if it.proof == healthy.proof {
            worse.push(unproven(&it));
        }
        if it.password_change == healthy.password_change {
            worse.push(Situation {
                password_change: PasswordChange::Unknown,
                ..it
            });
        }
        for fate in Fate::BOTH {
            let known = verdict(&it, fate);
            for gap in &worse {
                assert!(verdict(gap, fate) >= known, "{fate}: {gap:?}\nis better than\n{it:?}");
            }
        }
    }
}

/// The same trial where the backup version is not known.
fn closed(trial: Trial) -> Trial {
    match trial {
        Trial::Known {
            storage,
            identity_secrets_fit,
            ..
        } => Trial::Known {
            storage,
            identity_secrets_fit,
            backup: crate::situation::BackupOpened::Nothing,
        },
        Trial::Unknown => Trial::Unknown,
    }
}

#[test]
fn messages_at_risk_never_improve_a_verdict() {
    for it in every::situations() {
        let Coverage::Known {
            at_risk: false,
            complete,
        } = it.coverage
        else {
            continue;
        };
        let at_risk = Situation {
            coverage: Coverage::Known {
                at_risk: true,
                complete,
            },
            ..it
        };
        for fate in Fate::BOTH {
            assert!(verdict(&at_risk, fate) >= verdict(&it, fate), "{it:?}");
        }
    }
}

#[test]
fn a_rule_about_one_axis_says_the_same_in_every_situation() {
    // The axes outside of the recovery, from a fixed sequence: each combination is judged alone and with a recovery.
    let recoveries: Vec<Situation> = every::recoveries().step_by(7).collect();
    let servers: Vec<Situation> = every::servers().into_iter().chain(every::entrances()).collect();
    let people: Vec<Situation> = every::people().collect();
    for (number, recovery) in recoveries.iter().enumerate() {
        let server = servers[number % servers.len()];
        let person = people[number % people.len()];
        let all = Situation {
            identity: person.identity,
            sessions: person.sessions,
            off_switch: server.off_switch,
            emails: server.emails,
            accounts: server.accounts,
            password_change: server.password_change,
            rate_limit: server.rate_limit,
            password_sign_in: server.password_sign_in,
            providers: server.providers,
            restricted: server.restricted,
            ..*recovery
        };
        let with_people = Situation {
            identity: person.identity,
            sessions: person.sessions,
            ..*recovery
        };
        for fate in Fate::BOTH {
            let mut parts = judge(&with_people, fate);
            parts.extend(judge(&server, fate));
            parts.sort_unstable();
            let mut together = judge(&all, fate);
            together.sort_unstable();
            assert_eq!(together, parts, "{all:?}");
        }
    }
}
