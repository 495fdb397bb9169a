//! Taking the names out of a status file.

use std::collections::BTreeMap;

use super::{StatusFile, StatusFinding};
use crate::facts::{
    Account, AccountServer, ActedAsPerson, Administration, BackupVersion, Candidate, DefaultKey, Identity, KeyBackup,
    KeyTrial, OAuth, Secret, SecretStorage, Server, Session, SignedIn, Signer, Support,
};
use crate::{Fact, Facts, Finding};

/// Turns an id or a name into a short text that stands for it.
type Hash<'a> = &'a dyn Fn(&str) -> String;

impl StatusFile {
    /// Replaces every id and name by what `hash` makes of it: the account, device ids and session names, storage key
    /// ids, public keys, signers, e-mail addresses, the hosts of servers and their contacts, rooms and senders.
    ///
    /// What was the same before is the same afterwards, as far as `hash` keeps different things apart; it should also
    /// be hard to reverse. Numbers, moments, versions and the names of algorithms stay. Evidence is gathered anew from
    /// the redacted facts, and sentences are written anew, so that no finding remembers what was replaced.
    pub fn redact(&mut self, hash: &dyn Fn(&str) -> String) {
        self.account = hash(&self.account);
        redact_facts(&mut self.facts, hash);
        if let Some(forecast) = &mut self.forecast {
            forecast.redact(hash);
        }
        for it in &mut self.findings {
            let fates = std::mem::take(&mut it.fates);
            *it = StatusFinding::of(&Finding::new(it.code, it.severity, fates, &self.facts));
        }
    }
}

fn redact_facts(facts: &mut Facts, hash: Hash<'_>) {
    let Facts {
        server,
        account,
        sessions,
        identity,
        storage,
        backup,
        key_trial,
        proof: _,
        coverage: _,
    } = facts;
    redact_server(server, hash);
    let Account { emails, administration } = account;
    for email in known(emails).into_iter().flatten() {
        replace(&mut email.masked, hash);
    }
    if let Some(Administration {
        restrictions: _,
        administrator: _,
        providers,
        acted_as_person,
        account_server,
    }) = administration
    {
        replace_all(providers, hash);
        if let Some(AccountServer {
            url,
            passwords: _,
            recovery: _,
            signed_in,
        }) = account_server
        {
            replace_host(url, hash);
            for SignedIn {
                id,
                kind: _,
                device_id,
                name,
                last_active_at: _,
            } in signed_in
            {
                replace(id, hash);
                replace_some(device_id, hash);
                replace_some(name, hash);
            }
        }
        if let Some(ActedAsPerson { by, consent, until: _ }) = acted_as_person {
            replace(by, hash);
            replace(consent, hash);
        }
    }
    for session in known(sessions).into_iter().flatten() {
        let Session {
            device_id,
            name,
            last_seen_at: _,
            keys: _,
            dehydrated: _,
            backup_key: _,
            this: _,
        } = session;
        replace(device_id, hash);
        replace_some(name, hash);
    }
    if let Some(Identity {
        master,
        self_signing,
        user_signing,
        from_outside: _,
    }) = known(identity)
    {
        replace_some(master, hash);
        for key in [self_signing, user_signing].into_iter().flatten() {
            replace(&mut key.public_key, hash);
        }
    }
    if let Some(storage) = known(storage) {
        redact_storage(storage, hash);
    }
    let KeyBackup {
        active,
        switched_off: _,
        older,
    } = backup;
    for it in older {
        replace_some(&mut it.public_key, hash);
    }
    if let Some(active) = known(active).and_then(Option::as_mut) {
        redact_backup(active, hash);
    }
    if let Some(KeyTrial { candidates }) = known(key_trial) {
        for candidate in candidates {
            let Candidate {
                storage_keys,
                form: _,
                opens_default: _,
                secrets: _,
                backup: _,
                opens_active_backup: _,
            } = candidate;
            replace_all(storage_keys, hash);
        }
    }
}

fn redact_server(server: &mut Server, hash: Hash<'_>) {
    let Server {
        base_url,
        oauth,
        support,
        software: _,
        admin_api: _,
        spec_versions: _,
        login_flows: _,
        password_change: _,
    } = server;
    replace_host(base_url, hash);
    if let Some(OAuth {
        issuer,
        account_management_uri,
        account_management_actions: _,
    }) = known(oauth).and_then(Option::as_mut)
    {
        replace_host(issuer, hash);
        if let Some(uri) = account_management_uri {
            replace_host(uri, hash);
        }
    }
    if let Some(Support { contacts, support_page }) = known(support).and_then(Option::as_mut) {
        for contact in contacts {
            replace_some(&mut contact.matrix_id, hash);
            replace_some(&mut contact.email_address, hash);
        }
        if let Some(page) = support_page {
            replace_host(page, hash);
        }
    }
}

fn redact_storage(storage: &mut SecretStorage, hash: Hash<'_>) {
    let SecretStorage {
        default_key,
        keys,
        secrets,
    } = storage;
    if let DefaultKey::Named(id) = default_key {
        replace(id, hash);
    }
    *keys = std::mem::take(keys)
        .into_iter()
        .map(|(id, key)| (hash(&id), key))
        .collect::<BTreeMap<_, _>>();
    for secret in secrets.values_mut() {
        if let Secret::StoredUnder(keys) = secret {
            replace_all(keys, hash);
        }
    }
}

fn redact_backup(backup: &mut BackupVersion, hash: Hash<'_>) {
    replace_some(&mut backup.public_key, hash);
    for it in &mut backup.signatures {
        match &mut it.signer {
            Signer::Master => {}
            Signer::SignedSession(id) | Signer::UnsignedSession(id) => replace(id, hash),
            // A key id is an algorithm and a device id or a public key: the second half is what is the same elsewhere.
            Signer::Stranger(id) => match id.split_once(':') {
                Some((algorithm @ ("ed25519" | "curve25519"), rest)) => *id = format!("{algorithm}:{}", hash(rest)),
                _ => replace(id, hash),
            },
        }
    }
}

/// The part that is known, to be changed.
fn known<T>(fact: &mut Fact<T>) -> Option<&mut T> {
    match fact {
        Fact::Known(value) => Some(value),
        Fact::Unknown(_) => None,
    }
}

fn replace(text: &mut String, hash: Hash<'_>) {
    *text = hash(text);
}

fn replace_some(text: &mut Option<String>, hash: Hash<'_>) {
    if let Some(text) = text {
        replace(text, hash);
    }
}

/// Replaces ids in a sorted list, which is sorted afterwards as well.
fn replace_all(texts: &mut [String], hash: Hash<'_>) {
    for text in &mut *texts {
        replace(text, hash);
    }
    texts.sort_unstable();
}

/// Replaces the host of a URL and drops what follows it; a text that is no URL is replaced as a whole.
fn replace_host(url: &mut String, hash: Hash<'_>) {
    *url = match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            format!("{scheme}://{}", hash(host))
        }
        _ => hash(url),
    };
}
