//! The reduced space, to walk through.

use crate::Situation;
use crate::situation::{
    Accounts, Backup, BackupOpened, Coverage, DefaultKey, Emails, Identity, IdentitySecrets, OffSwitch, PasswordChange,
    PasswordSignIn, Place, Proof, Providers, RateLimit, Restricted, Sessions, Signatures, Storage, StorageOpened,
    Trial,
};
use crate::testing::healthy_facts;

const BOTH: [bool; 2] = [false, true];

/// The situation of the healthy account.
pub(super) fn healthy() -> Situation {
    Situation::of(&healthy_facts())
}

/// Every combination of the axes on which the rules of recovery depend together, the rest being healthy.
///
/// What only one rule looks at is whole here, see [`storage_details`] and [`backup_details`]: the identity's secrets,
/// passphrase parameters, signatures, damage. What [`Situation::of`] never returns is left out.
pub(super) fn recoveries() -> impl Iterator<Item = Situation> {
    let whole = IdentitySecrets::default();
    let storages = storages().into_iter().filter(move |it| match it {
        Storage::Unknown => true,
        Storage::Known {
            absurd_passphrase,
            identity,
            ..
        } => !absurd_passphrase && *identity == whole,
    });
    let rest: Vec<Situation> = combined(&trials(), &backups(), &proofs(), &coverages())
        .filter(|it| {
            !matches!(
                it.trial,
                Trial::Known {
                    identity_secrets_fit: false,
                    ..
                }
            )
        })
        .filter(|it| !matches!(it.proof, Proof::Known { damaged: true, .. }))
        .filter(|it| {
            !matches!(
                it.backup,
                Backup::Known {
                    signatures: Signatures::None | Signatures::Untrusted,
                    ..
                }
            )
        })
        .collect();
    storages
        .flat_map(move |storage| rest.clone().into_iter().map(move |it| Situation { storage, ..it }))
        .filter(is_possible)
}

/// Every storage, each with one value for every way in which its rules tell trial, backup and coverage apart.
fn storage_details() -> impl Iterator<Item = Situation> {
    let closed = |storage| Trial::Known {
        storage,
        backup: BackupOpened::Nothing,
        identity_secrets_fit: true,
    };
    let direct = |storage| Trial::Known {
        storage,
        backup: BackupOpened::Directly,
        identity_secrets_fit: true,
    };
    let trials = [
        Trial::Unknown,
        closed(StorageOpened::Nothing),
        direct(StorageOpened::OtherKey),
        healthy().trial,
    ];
    let backups = [Backup::Absent, Backup::UnknownAlgorithm, healthy().backup];
    let coverages = [
        Coverage::NoHistory,
        healthy().coverage,
        Coverage::Known {
            at_risk: true,
            complete: true,
        },
    ];
    let rest: Vec<Situation> = combined(&trials, &backups, &[healthy().proof], &coverages).collect();
    storages()
        .into_iter()
        .flat_map(move |storage| rest.clone().into_iter().map(move |it| Situation { storage, ..it }))
        .filter(is_possible)
}

/// Every combination of key trial, backup, proof and coverage with healthy storage.
fn backup_details() -> impl Iterator<Item = Situation> {
    combined(&trials(), &backups(), &proofs(), &coverages())
        .collect::<Vec<_>>()
        .into_iter()
        .filter(is_possible)
}

fn combined(
    trials: &[Trial],
    backups: &[Backup],
    proofs: &[Proof],
    coverages: &[Coverage],
) -> impl Iterator<Item = Situation> {
    let base = healthy();
    let with_trial = trials.iter().map(move |trial| Situation { trial: *trial, ..base });
    let with_backup = with_trial.flat_map(|it| backups.iter().map(move |backup| Situation { backup: *backup, ..it }));
    let with_proof = with_backup.flat_map(|it| proofs.iter().map(move |proof| Situation { proof: *proof, ..it }));
    with_proof.flat_map(|it| {
        coverages.iter().map(move |coverage| Situation {
            coverage: *coverage,
            ..it
        })
    })
}

/// Every combination of identity and sessions with the few things that the rules about them look at besides.
pub(super) fn people() -> impl Iterator<Item = Situation> {
    let trials = [healthy().trial, Trial::Unknown];
    let with_identity = identities()
        .into_iter()
        .map(|identity| Situation { identity, ..healthy() });
    let with_sessions =
        with_identity.flat_map(|it| sessions().into_iter().map(move |sessions| Situation { sessions, ..it }));
    let with_trial = with_sessions.flat_map(move |it| trials.into_iter().map(move |trial| Situation { trial, ..it }));
    with_trial.flat_map(|it| {
        coverages()
            .into_iter()
            .map(move |coverage| Situation { coverage, ..it })
    })
}

/// Every combination of what is said of the server, the e-mail addresses and the off switch.
pub(super) fn servers() -> Vec<Situation> {
    let mut every = Vec::new();
    for accounts in [Accounts::Unknown, Accounts::Local, Accounts::Delegated] {
        for password_change in [
            PasswordChange::Unknown,
            PasswordChange::Allowed,
            PasswordChange::Disabled,
        ] {
            for emails in [Emails::Unknown, Emails::None, Emails::Some] {
                for rate_limit in [RateLimit::NotHit, RateLimit::Hit] {
                    for off_switch in [OffSwitch::Unknown, OffSwitch::NotSet, OffSwitch::Set] {
                        every.push(Situation {
                            accounts,
                            password_change,
                            emails,
                            rate_limit,
                            off_switch,
                            ..healthy()
                        });
                    }
                }
            }
        }
    }
    every
}

/// Every combination of the ways in and what administrators see of the account.
pub(super) fn entrances() -> Vec<Situation> {
    let mut every = Vec::new();
    for accounts in [Accounts::Unknown, Accounts::Local, Accounts::Delegated] {
        for password_sign_in in [
            PasswordSignIn::Unknown,
            PasswordSignIn::Offered,
            PasswordSignIn::NotOffered,
        ] {
            for providers in [Providers::None, Providers::Some] {
                for restricted in [Restricted::No, Restricted::Yes] {
                    every.push(Situation {
                        accounts,
                        password_sign_in,
                        providers,
                        restricted,
                        ..healthy()
                    });
                }
            }
        }
    }
    every
}

/// Every situation that any law is tested on.
pub(super) fn situations() -> impl Iterator<Item = Situation> {
    recoveries()
        .chain(storage_details())
        .chain(backup_details())
        .chain(people())
        .chain(servers())
        .chain(entrances())
}

/// Tells whether [`Situation::of`] can return this.
fn is_possible(it: &Situation) -> bool {
    let Trial::Known {
        storage: opened,
        backup,
        ..
    } = it.trial
    else {
        return true;
    };
    // Only a version that is there and of a known algorithm opens.
    let backup_opens = !it.trial.opens_backup() || matches!(it.backup, Backup::Known { .. });
    let (storage_opens, reached) = match it.storage {
        Storage::Unknown => (opened != StorageOpened::DefaultKey, true),
        Storage::Known {
            default, backup_key, ..
        } => (
            // Only a described default key opens as the default key.
            opened != StorageOpened::DefaultKey || default.is_usable(),
            // Whoever opens the default key reaches the backup key below it.
            opened != StorageOpened::DefaultKey || backup_key != Place::UnderDefault || backup != BackupOpened::Nothing,
        ),
    };
    backup_opens && storage_opens && reached
}

fn storages() -> Vec<Storage> {
    let mut every = vec![Storage::Unknown];
    for default in [
        DefaultKey::NoStorage,
        DefaultKey::Lost,
        DefaultKey::Unset,
        DefaultKey::Unchecked,
        DefaultKey::Checked,
    ] {
        for absurd_passphrase in BOTH {
            for identity in identity_secrets() {
                for backup_key in [
                    Place::Missing,
                    Place::Blanked,
                    Place::Unreadable,
                    Place::UnderDefault,
                    Place::Elsewhere,
                ] {
                    every.push(Storage::Known {
                        default,
                        absurd_passphrase,
                        identity,
                        backup_key,
                    });
                }
            }
        }
    }
    every
}

fn identity_secrets() -> Vec<IdentitySecrets> {
    let mut every = Vec::new();
    for missing in BOTH {
        for blanked in BOTH {
            for unreadable in BOTH {
                for elsewhere in BOTH {
                    every.push(IdentitySecrets {
                        missing,
                        blanked,
                        unreadable,
                        elsewhere,
                    });
                }
            }
        }
    }
    every
}

fn trials() -> Vec<Trial> {
    let mut every = vec![Trial::Unknown];
    for storage in [
        StorageOpened::Nothing,
        StorageOpened::OtherKey,
        StorageOpened::DefaultKey,
    ] {
        for backup in [
            BackupOpened::Nothing,
            BackupOpened::WrongKey,
            BackupOpened::ThroughStorage,
            BackupOpened::Directly,
        ] {
            for identity_secrets_fit in BOTH {
                every.push(Trial::Known {
                    storage,
                    backup,
                    identity_secrets_fit,
                });
            }
        }
    }
    every
}

fn backups() -> Vec<Backup> {
    let mut every = vec![Backup::Unknown, Backup::Absent, Backup::UnknownAlgorithm];
    for signatures in [Signatures::None, Signatures::Untrusted, Signatures::Trusted] {
        for empty in BOTH {
            every.push(Backup::Known { signatures, empty });
        }
    }
    every
}

fn proofs() -> Vec<Proof> {
    let mut every = vec![Proof::Unknown];
    for damaged in BOTH {
        for complete in BOTH {
            every.push(Proof::Known { damaged, complete });
        }
    }
    every
}

fn coverages() -> Vec<Coverage> {
    let mut every = vec![Coverage::Unknown, Coverage::NoHistory];
    for at_risk in BOTH {
        for complete in BOTH {
            every.push(Coverage::Known { at_risk, complete });
        }
    }
    every
}

fn identities() -> Vec<Identity> {
    let mut every = vec![Identity::Unknown, Identity::Absent];
    for incomplete in BOTH {
        for badly_signed in BOTH {
            every.push(Identity::Present {
                incomplete,
                badly_signed,
            });
        }
    }
    every
}

fn sessions() -> Vec<Sessions> {
    let mut every = vec![Sessions::Unknown];
    for only in BOTH {
        for stale in BOTH {
            for silent in BOTH {
                for unsigned in BOTH {
                    for keyless in BOTH {
                        for dehydrated in BOTH {
                            for unclear in BOTH {
                                every.push(Sessions::Known {
                                    only,
                                    stale,
                                    silent,
                                    unsigned,
                                    keyless,
                                    dehydrated,
                                    unclear,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    every
}

#[test]
fn the_axes_have_the_sizes_that_the_documentation_names() {
    assert_eq!(storages().len(), 801);
    assert_eq!(
        (trials().len(), backups().len(), proofs().len(), coverages().len()),
        (25, 9, 5, 6)
    );
    assert_eq!((identities().len(), sessions().len(), servers().len()), (6, 129, 162));
    assert_eq!(entrances().len(), 36);
    assert_eq!(situations().count(), 50_181);
}
