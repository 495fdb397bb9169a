//! Signatures on JSON, made by hand with the private keys of a test account.

use anyhow::{Context, Result};
use matrix_sdk::encryption::vodozemac::Ed25519SecretKey;
use matrix_sdk::ruma::CanonicalJsonValue;
use serde_json::{Value, json};

/// Adds a signature to an object. The key is a seed in base64; its id is its public half, as for identity keys.
///
/// Specification, appendices, "Signing JSON".
pub fn sign(object: &mut Value, user_id: &str, private: &str) -> Result<()> {
    let key = Ed25519SecretKey::from_base64(private)?;
    let id = format!("ed25519:{}", key.public_key().to_base64());
    let signature = key.sign(canonical(object)?.as_bytes()).to_base64();
    add_signature(object, user_id, &id, &signature)
}

/// Adds a signature that exists already.
pub(crate) fn add_signature(object: &mut Value, user_id: &str, key_id: &str, signature: &str) -> Result<()> {
    let object = object.as_object_mut().context("only objects are signed")?;
    let signatures = object.entry("signatures").or_insert_with(|| json!({}));
    signatures[user_id][key_id] = json!(signature);
    Ok(())
}

/// What a signature of an object covers.
pub(crate) fn canonical(object: &Value) -> Result<String> {
    let mut object = object.clone();
    if let Some(object) = object.as_object_mut() {
        object.remove("signatures");
        object.remove("unsigned");
    }
    Ok(CanonicalJsonValue::try_from(object)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_all_but_the_signatures() {
        let mut object = json!({"b": 1, "a": {"d": 2, "c": 3}, "unsigned": {"x": 1}});
        assert_eq!(canonical(&object).unwrap(), r#"{"a":{"c":3,"d":2},"b":1}"#);
        let key = Ed25519SecretKey::new();
        sign(&mut object, "@a:b", &key.to_base64()).unwrap();
        sign(&mut object, "@a:b", &Ed25519SecretKey::new().to_base64()).unwrap();
        assert_eq!(object["signatures"]["@a:b"].as_object().unwrap().len(), 2);
        assert_eq!(canonical(&object).unwrap(), r#"{"a":{"c":3,"d":2},"b":1}"#);
    }
}
