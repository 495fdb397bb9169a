//! Identity and secret storage where they are not, and where nothing reaches them.

use lifeboat_report::{
    Fact,
    facts::{Candidate, DefaultKey, Identity, SecretName, SecretTrial, Signature},
};

use super::{Ground, Offer, Plan, fits};
use crate::repair::{IdentityWish, KeyWish, Refusal, Repair, Under};

pub(super) fn plan(ground: &Ground<'_>, plan: &mut Plan) {
    let Fact::Known(identity) = &ground.facts.identity else {
        return;
    };
    let Some(storage) = ground.storage() else {
        return;
    };
    if *identity == Identity::default() {
        set_up(ground, plan);
        return;
    }
    let whole = is_whole(identity);
    let lost = ground.wishes.recovery_key == KeyWish::Lost;
    let none = storage.keys.is_empty() && storage.default_key == DefaultKey::NotSet;
    let opened = ground.opened_default().is_some() && SecretName::IDENTITY.iter().all(|it| ground.fits(*it));
    let living = ground.trusted_sessions().next().is_some();
    if whole && living && !opened && (lost || none) {
        plan.repairs.push(Repair::RenewRecoveryKey {
            from: default_of(&storage.default_key),
        });
    } else if lost && opened {
        plan.refused.push(Refusal::KeyNotLost);
    } else if lost && !living {
        plan.refused.push(Refusal::NobodyHoldsSecrets);
    } else if whole && living && !opened {
        plan.offers.push(Offer::NewRecoveryKey);
    }
    last_resort(ground, identity, plan);
}

fn is_whole(identity: &Identity) -> bool {
    let signed = [&identity.self_signing, &identity.user_signing];
    let valid = |it: &&Option<_>| matches!(it, Some(lifeboat_report::facts::CrossSigningKey { by_master, .. }) if *by_master == Signature::Valid);
    identity.master.is_some() && signed.iter().all(valid)
}

fn default_of(default: &DefaultKey) -> Option<String> {
    match default {
        DefaultKey::Named(id) => Some(id.clone()),
        DefaultKey::NotSet | DefaultKey::Unreadable => None,
    }
}

/// Identity, secret storage, backup, in this order. What is stored already is used.
fn set_up(ground: &Ground<'_>, plan: &mut Plan) {
    let Some(storage) = ground.storage() else {
        return;
    };
    let none = storage.keys.is_empty() && storage.default_key == DefaultKey::NotSet;
    let described = || ground.candidates().iter().find_map(|it| it.storage_keys.first());
    let lost = ground.wishes.recovery_key == KeyWish::Lost;
    let under = match (ground.opened_default(), storage.usable_default(), described()) {
        (Some(default), ..) => Under::Existing(default.to_owned()),
        // Begun earlier: described, and not the default yet.
        (None, None, Some(id)) => Under::Existing(id.clone()),
        _ if none || lost => Under::Fresh,
        // There is a storage key, and nothing that was typed opens it.
        _ => return,
    };
    if under == Under::Fresh {
        plan.repairs.push(Repair::NewStorageKey);
    }
    plan.repairs.push(Repair::SetUpIdentity { under: under.clone() });
    make_default(ground, &under, plan);
    if ground.facts.backup.active == Fact::Known(None) && ground.facts.backup.switched_off.is(&None) {
        plan.repairs.push(Repair::CreateBackup { under, beside: None });
    }
}

fn make_default(ground: &Ground<'_>, to: &Under, plan: &mut Plan) {
    let Some(storage) = ground.storage() else {
        return;
    };
    let from = default_of(&storage.default_key);
    let same = matches!(to, Under::Existing(id) if from.as_ref() == Some(id));
    if !same {
        plan.repairs.push(Repair::SetDefaultKey { from, to: to.clone() });
    }
}

/// Nothing else helps: neither what was typed nor a living session leads to the identity, or it is broken in itself.
fn last_resort(ground: &Ground<'_>, identity: &Identity, plan: &mut Plan) {
    let reached = ground.fits(SecretName::Master) && ground.fits(SecretName::SelfSigning);
    let living = ground.trusted_sessions().next().is_some();
    let storage = ground.storage().filter(|it| !it.keys.is_empty());
    let untried =
        storage.is_some() && ground.facts.key_trial.known().is_none() && ground.wishes.recovery_key == KeyWish::Keep;
    let why = match () {
        () if !is_whole(identity) => None,
        () if ground.facts.sessions.known().is_none() => Some("it is not known which sessions are alive."),
        () if untried => Some("no recovery key was tried yet. If you have none any more, say --lost-recovery-key."),
        () if reached => Some("what you gave opens it."),
        () if living => Some("a verified session still holds it, and can make a new recovery key for it."),
        () => None,
    };
    match (why, ground.wishes.identity) {
        (Some(why), IdentityWish::Reset) => {
            let before = plan.repairs.len();
            if let Some(under) = published_under(ground).filter(|_| !living) {
                follow_up(ground, &under, plan);
            }
            if plan.repairs.len() == before {
                plan.refused.push(Refusal::IdentityReachable(why));
            }
        }
        (Some(_), IdentityWish::Keep) => {}
        (None, IdentityWish::Keep) => plan.offers.push(Offer::ResetIdentity),
        (None, IdentityWish::Reset) => reset(ground, identity, plan),
    }
}

/// The storage key under which the published identity lies: where it was reset earlier, that of the new recovery key.
fn published_under(ground: &Ground<'_>) -> Option<Under> {
    let whole = |it: &&Candidate| SecretName::IDENTITY.iter().all(|name| fits(it, *name));
    let id = ground.candidates().iter().find(whole)?.storage_keys.first()?;
    Some(Under::Existing(id.clone()))
}

fn reset(ground: &Ground<'_>, identity: &Identity, plan: &mut Plan) {
    // Begun earlier: private keys lie under a key that was described and is not the default yet.
    let begun = ground.candidates().iter().find(|it| {
        let stored = |name| it.secrets.get(name) == Some(&SecretTrial::DoesNotFit);
        !it.opens_default && SecretName::IDENTITY.iter().all(stored)
    });
    let under = match begun.and_then(|it| it.storage_keys.first()) {
        Some(id) => Under::Existing(id.clone()),
        None => Under::Fresh,
    };
    plan.repairs.clear();
    if under == Under::Fresh {
        plan.repairs.push(Repair::NewStorageKey);
    }
    plan.repairs.push(Repair::ResetIdentity {
        under: under.clone(),
        replaces: identity.master.clone(),
    });
    follow_up(ground, &under, plan);
}

/// What follows once the new identity is published.
fn follow_up(ground: &Ground<'_>, under: &Under, plan: &mut Plan) {
    make_default(ground, under, plan);
    let beside = match &ground.facts.backup.active {
        Fact::Known(active) => active.as_ref().map(|it| it.version.clone()),
        Fact::Unknown(_) => return,
    };
    let opened = ground.candidates().iter().any(|it| it.opens_active_backup);
    if !opened && ground.facts.backup.switched_off.is(&None) {
        let under = under.clone();
        plan.repairs.push(Repair::CreateBackup { under, beside });
    }
}
