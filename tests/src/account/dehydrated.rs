//! A dehydrated device: receives keys while no session is online.

use anyhow::{Context, Result};
use matrix_sdk::encryption::vodozemac::olm::Account;
use serde_json::{Value, json};

use super::{Secret, TestAccount};
use crate::name;
use crate::signing::{add_signature, canonical, sign};

/// Uploads one, signed by the identity. Only the key it is sealed with is thrown away: nobody will wake it.
///
/// MSC3814, `PUT /org.matrix.msc3814.v1/dehydrated_device`; Synapse needs `msc3814_enabled`.
pub(super) async fn upload(account: &TestAccount) -> Result<()> {
    const PATH: &str = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";
    let user_id = account.user_id.as_str();
    let mut olm = Account::new();
    olm.generate_fallback_key();
    let device_id = olm.curve25519_key().to_base64();
    let ed25519_id = format!("ed25519:{device_id}");
    let mut device_keys = json!({
        "user_id": user_id, "device_id": device_id, "dehydrated": true,
        "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
        "keys": {
            format!("curve25519:{device_id}"): device_id,
            &ed25519_id: olm.ed25519_key().to_base64(),
        },
    });
    sign_as_device(&mut device_keys, user_id, &ed25519_id, &olm)?;
    let secrets = account.secrets.as_ref().context("the account has no identity")?;
    sign(
        &mut device_keys,
        user_id,
        secrets.get(Secret::SelfSigning).context("no self-signing key")?,
    )?;
    let mut fallback_keys = json!({});
    for (id, key) in olm.fallback_key() {
        let mut key = json!({"key": key.to_base64(), "fallback": true});
        sign_as_device(&mut key, user_id, &ed25519_id, &olm)?;
        fallback_keys[format!("signed_curve25519:{}", id.to_base64())] = key;
    }
    let sealed = olm.to_dehydrated_device(&name::bytes()?)?;
    let request = json!({
        "device_id": device_id, "initial_device_display_name": "Dehydrated device",
        "device_data": {
            "algorithm": "org.matrix.msc3814.v2", "device_pickle": sealed.ciphertext, "nonce": sealed.nonce,
        },
        "device_keys": device_keys, "fallback_keys": fallback_keys, "one_time_keys": {},
    });
    account.api()?.put(PATH, &request).await?;
    Ok(())
}

fn sign_as_device(object: &mut Value, user_id: &str, key_id: &str, olm: &Account) -> Result<()> {
    let signature = olm.sign(canonical(object)?.as_bytes()).to_base64();
    add_signature(object, user_id, key_id, &signature)
}
