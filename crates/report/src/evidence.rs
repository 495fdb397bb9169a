//! What shows that a finding is the case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::{
    Administration, BackupVersion, Candidate, Coverage, DefaultKey, Identity, OAuth, OffSwitch, Passphrase, Proof,
    Restriction, Secret, SecretName, SecretStorage, Session, Signature,
};
use crate::situation::Place;
use crate::{Code, FactGap, FactName, Facts, Gap};

/// The facts behind one finding: a selection of all facts, each field empty unless it bears on the finding's code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Evidence {
    /// What is not known, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<FactGap>,
    /// The sessions it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Session>,
    /// The keys of the identity that are not published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_keys: Vec<IdentityKey>,
    /// The keys of the identity without a valid signature by the master key, and what was found instead.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub badly_signed_keys: BTreeMap<IdentityKey, Signature>,
    /// What the account data says about the default storage key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_key: Option<DefaultKey>,
    /// The ids of the described storage keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub storage_keys: Vec<String>,
    /// The passphrase parameters it is about, by the id of their storage key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub passphrases: BTreeMap<String, Passphrase>,
    /// The secrets it is about, and where each is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<SecretName, Secret>,
    /// The typed keys and passphrases it is about, and what each opens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// The active version of the key backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupVersion>,
    /// The account data by which the key backup was switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_switch: Option<OffSwitch>,
    /// The decrypt test of the backup's entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The numbers of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// The OAuth server that keeps the accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    /// The identity providers that sign the person in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<String>,
    /// What administrators have done to the account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<Restriction>,
}

/// One of the three keys of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKey {
    /// The master key.
    Master,
    /// The self-signing key.
    SelfSigning,
    /// The user-signing key.
    UserSigning,
}

impl IdentityKey {
    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Master => "master key",
            Self::SelfSigning => "self-signing key",
            Self::UserSigning => "user-signing key",
        }
    }
}

impl Evidence {
    /// Gathers from `facts` what bears on `code`.
    pub(crate) fn gather(code: Code, facts: &Facts) -> Self {
        match code {
            Code::CoverageAtRisk | Code::CoveragePartial => Self::of_coverage(facts),
            Code::CoverageUnknown => Self::of_gaps(facts, &[FactName::Coverage]),

            Code::NoKeyBackup | Code::NoSecretStorage | Code::NoIdentity => Self::default(),
            Code::OnlySession | Code::NoEmail | Code::PasswordChangeDisabled | Code::NoPasswordSignIn => {
                Self::default()
            }

            Code::BackupUnknown => Self::of_gaps(facts, &[FactName::ActiveBackup]),
            Code::BackupAlgorithmUnknown | Code::BackupUnsigned | Code::BackupNotTrusted => Self::of_backup(facts),
            Code::BackupKeyOfOtherVersion => {
                let storage = facts.storage.known();
                let reaches = |it: &Candidate| it.reaches_backup_key(storage);
                Self {
                    candidates: candidates(facts, reaches),
                    ..Self::of_backup(facts)
                }
            }
            Code::BackupKeyNotInStorage => Self {
                backup: Self::of_backup(facts).backup,
                ..Self::of_storage(facts)
            },
            Code::BackupDamaged => Self {
                proof: facts.proof.known().cloned(),
                ..Self::of_backup(facts)
            },
            Code::BackupNotProven => Self {
                gaps: Self::of_gaps(facts, &[FactName::Proof]).gaps,
                proof: facts.proof.known().cloned(),
                ..Self::of_backup(facts)
            },
            Code::BackupSwitchedOff => Self {
                off_switch: facts.backup.switched_off.known().copied().flatten(),
                ..Self::default()
            },
            Code::OffSwitchUnknown => Self::of_gaps(facts, &[FactName::OffSwitch]),

            Code::RecoveryKeyNotTested => Self {
                gaps: Self::of_gaps(facts, &[FactName::KeyTrial]).gaps,
                ..Self::of_storage(facts)
            },
            Code::RecoveryKeyOpensNothing => Self {
                candidates: candidates(facts, |_| true),
                backup: Self::of_backup(facts).backup,
                ..Self::of_storage(facts)
            },
            Code::RecoveryKeyOpensOtherKey => Self {
                candidates: candidates(facts, |it| !it.storage_keys.is_empty()),
                ..Self::of_storage(facts)
            },
            Code::RecoveryKeyIsBackupKey => Self {
                candidates: candidates(facts, |it| it.opens_directly(facts)),
                ..Self::of_backup(facts)
            },
            Code::SecretsDoNotFit => {
                let best = facts.key_trial.known().and_then(|it| it.best(facts));
                Self {
                    candidates: best.into_iter().cloned().collect(),
                    ..Self::default()
                }
            }

            Code::NoDefaultKey | Code::StorageKeyUnchecked => Self::of_storage(facts),
            Code::StorageUnknown => Self::of_gaps(facts, &[FactName::Storage]),
            Code::PassphraseParametersAbsurd => {
                let storage = facts.storage.known().into_iter();
                let absurd = storage.flat_map(SecretStorage::absurd_passphrases);
                let passphrases = absurd.map(|(id, it)| (id.clone(), it.clone())).collect();
                Self {
                    passphrases,
                    ..Self::default()
                }
            }
            Code::SecretMissing => Self::of_secrets(facts, &SecretName::IDENTITY, Place::Missing),
            Code::SecretBlanked => Self::of_secrets(facts, &SecretName::ALL, Place::Blanked),
            Code::SecretUnreadable => Self::of_secrets(facts, &SecretName::ALL, Place::Unreadable),
            Code::SecretUnderOtherKey => Self::of_secrets(facts, &SecretName::ALL, Place::Elsewhere),

            Code::IdentityIncomplete | Code::IdentityBadlySigned => facts
                .identity
                .known()
                .map(|it| Self::of_identity(code, it))
                .unwrap_or_default(),
            Code::IdentityUnknown => Self::of_gaps(facts, &[FactName::Identity]),

            Code::SessionStale => Self {
                coverage: facts.coverage.known().cloned(),
                ..Self::of_sessions(facts, |it| it.is_stale(facts.newest_event_at()))
            },
            Code::SessionSilent => Self::of_sessions(facts, Session::is_silent),
            Code::SessionNotSigned => Self::of_sessions(facts, Session::is_unsigned),
            Code::SessionKeyless => Self::of_sessions(facts, Session::is_keyless),
            Code::DehydratedSession => Self::of_sessions(facts, |it| it.dehydrated),
            Code::SessionsUnknown => Self {
                gaps: Self::of_gaps(facts, &[FactName::Sessions, FactName::SessionKeys]).gaps,
                ..Self::of_sessions(facts, |it| it.keys.gap().is_some())
            },

            Code::AccountsDelegated => Self {
                oauth: facts.server.oauth.known().cloned().flatten(),
                ..Self::default()
            },
            Code::SignsInElsewhere => Self {
                providers: administration(facts).map(|it| it.providers.clone()).unwrap_or_default(),
                ..Self::default()
            },
            Code::AccountRestricted => Self {
                restrictions: administration(facts)
                    .map(|it| it.restrictions.clone())
                    .unwrap_or_default(),
                ..Self::default()
            },
            Code::ServerUnknown => {
                let mut evidence = Self::of_gaps(facts, &[FactName::OAuth, FactName::PasswordChange]);
                evidence.gaps.retain(|it| it.gap != Gap::Unsupported);
                evidence
            }
            Code::EmailUnknown => Self::of_gaps(facts, &[FactName::Emails]),
            Code::RateLimited => Self {
                gaps: facts.rate_limits(),
                ..Self::default()
            },
        }
    }

    fn of_gaps(facts: &Facts, names: &[FactName]) -> Self {
        let gaps = facts.gaps().into_iter().filter(|it| names.contains(&it.fact));
        Self {
            gaps: gaps.collect(),
            ..Self::default()
        }
    }

    fn of_coverage(facts: &Facts) -> Self {
        Self {
            coverage: facts.coverage.known().cloned(),
            ..Self::default()
        }
    }

    fn of_backup(facts: &Facts) -> Self {
        Self {
            backup: facts.backup.active.known().cloned().flatten(),
            ..Self::default()
        }
    }

    fn of_storage(facts: &Facts) -> Self {
        let Some(storage) = facts.storage.known() else {
            return Self::default();
        };
        Self {
            default_key: Some(storage.default_key.clone()),
            storage_keys: storage.keys.keys().cloned().collect(),
            ..Self::default()
        }
    }

    fn of_secrets(facts: &Facts, names: &[SecretName], place: Place) -> Self {
        let Some(storage) = facts.storage.known() else {
            return Self::default();
        };
        let found = names.iter().filter(|it| Place::of(storage, **it) == place);
        let secrets = found.map(|it| (*it, storage.secret(*it).clone())).collect();
        Self {
            secrets,
            ..Self::of_storage(facts)
        }
    }

    fn of_identity(code: Code, identity: &Identity) -> Self {
        let below_master = [
            (IdentityKey::SelfSigning, identity.self_signing.as_ref()),
            (IdentityKey::UserSigning, identity.user_signing.as_ref()),
        ];
        if code == Code::IdentityBadlySigned {
            let signed = below_master
                .iter()
                .filter_map(|(name, key)| Some((*name, key.as_ref()?.by_master)));
            let bad = signed.filter(|(_, signature)| *signature != Signature::Valid);
            return Self {
                badly_signed_keys: bad.collect(),
                ..Self::default()
            };
        }
        let master = identity.master.is_none().then_some(IdentityKey::Master);
        let others = below_master
            .iter()
            .filter(|(name, key)| key.is_none() && !(identity.from_outside && *name == IdentityKey::UserSigning))
            .map(|(name, _)| *name);
        Self {
            missing_keys: master.into_iter().chain(others).collect(),
            ..Self::default()
        }
    }

    fn of_sessions(facts: &Facts, which: impl Fn(&Session) -> bool) -> Self {
        let sessions = facts.sessions.known().into_iter().flatten();
        Self {
            sessions: sessions.filter(|it| which(it)).cloned().collect(),
            ..Self::default()
        }
    }
}

fn administration(facts: &Facts) -> Option<&Administration> {
    facts.account.administration.as_ref()
}

fn candidates(facts: &Facts, which: impl Fn(&Candidate) -> bool) -> Vec<Candidate> {
    let all = facts.key_trial.known().into_iter().flat_map(|it| &it.candidates);
    all.filter(|it| which(it)).cloned().collect()
}
