//! The key backup: none, unsigned, switched off, or with a better one of old.

use lifeboat_report::{
    Fact,
    facts::{BackupVersion, Candidate, OffSwitch, SecretName},
};

use super::{Ground, Offer, Plan, fits};
use crate::repair::{Repair, SwitchWish, Under};

pub(super) fn plan(ground: &Ground<'_>, plan: &mut Plan) {
    let resets = |it: &Repair| matches!(it, Repair::ResetIdentity { .. });
    if plan.repairs.iter().any(resets) {
        return;
    }
    switch(ground, plan);
    match &ground.facts.backup.active {
        Fact::Known(None) => create(ground, plan),
        Fact::Known(Some(_)) => {
            let Some(active) = ground.backup() else { return };
            mine(ground, active, plan);
            sign(ground, active, plan);
        }
        Fact::Unknown(_) => return,
    }
    fill(ground, plan);
}

/// Somebody did that on purpose, so it is asked for by name.
fn switch(ground: &Ground<'_>, plan: &mut Plan) {
    let Fact::Known(Some(switch)) = &ground.facts.backup.switched_off else {
        return;
    };
    match ground.wishes.backup_switch {
        SwitchWish::Keep => plan.offers.push(Offer::SwitchBackupOn),
        SwitchWish::On => plan.repairs.push(Repair::SwitchBackupOn(switch_of(*switch))),
    }
}

fn switch_of(switch: OffSwitch) -> crate::repair::Switch {
    switch.into()
}

/// Nobody has switched it off on purpose, and the key can be stored and signed.
fn create(ground: &Ground<'_>, plan: &mut Plan) {
    // Secret storage comes first, and the identity brings one along.
    let first = |it: &Repair| matches!(it, Repair::SetDefaultKey { .. } | Repair::CreateBackup { .. });
    if plan.repairs.iter().any(first) {
        return;
    }
    let wanted = ground.facts.backup.switched_off.is(&None) || ground.wishes.backup_switch == SwitchWish::On;
    let able = |it: &Candidate| it.opens_default && fits(it, SecretName::Master);
    if let (true, Some(default)) = (wanted, ground.opened_default())
        && ground.candidates().iter().any(able)
    {
        plan.repairs.push(Repair::CreateBackup {
            under: Under::Existing(default.to_owned()),
            beside: None,
        });
    }
}

/// An older version is worth it when it is known to hold room keys of messages that are at risk.
fn mine(ground: &Ground<'_>, active: &BackupVersion, plan: &mut Plan) {
    let (true, Some(public_key)) = (active.is_trusted(), &active.public_key) else {
        return;
    };
    let older = ground.facts.backup.older.iter().filter(|older| {
        let mut candidates = ground.candidates().iter();
        let opens = candidates.any(|it| it.backup.contains_key(&older.version));
        opens && older.would_cover.is_some_and(|it| it > 0)
    });
    plan.repairs.extend(older.map(|older| Repair::MineBackup {
        from: older.version.clone(),
        to: active.version.clone(),
        public_key: public_key.clone(),
    }));
}

fn sign(ground: &Ground<'_>, active: &BackupVersion, plan: &mut Plan) {
    let proven = ground.candidates().iter().any(|it| it.opens_active_backup);
    let made = |it: &Repair| matches!(it, Repair::SetUpIdentity { .. });
    let identity = ground.fits(SecretName::Master) || plan.repairs.iter().any(made);
    if let (true, Some(public_key)) = (proven && identity && !active.is_trusted(), &active.public_key) {
        plan.repairs.push(Repair::SignBackup {
            version: active.version.clone(),
            public_key: public_key.clone(),
        });
    }
}

/// What only living sessions hold goes into the backup, once it is there and nothing older can fill it.
fn fill(ground: &Ground<'_>, plan: &mut Plan) {
    let at_risk = ground.facts.coverage.known().is_some_and(|it| it.at_risk > 0);
    let signs = ground.opened_default().is_some() && ground.fits(SecretName::SelfSigning);
    let living = ground.trusted_sessions().next().is_some();
    let makes = |it: &Repair| matches!(it, Repair::CreateBackup { .. });
    let mines = |it: &Repair| matches!(it, Repair::MineBackup { .. });
    let made = plan.repairs.iter().any(makes);
    // The session that asks uploads with the key that secret storage gives it.
    let connected = ground
        .candidates()
        .iter()
        .any(|it| it.opens_default && it.opens_active_backup);
    if at_risk && signs && living && (made || connected) && !plan.repairs.iter().any(mines) {
        plan.repairs.push(Repair::FillBackup);
    }
}
