//! Checks signatures over JSON locally: the server is not trusted with them.

use lifeboat_report::facts::Signature;
use matrix_sdk::ruma::CanonicalJsonValue;
use serde_json::{Value, json};
use vodozemac::{Ed25519PublicKey, Ed25519Signature};

/// Checks the signature that `user`'s Ed25519 key `key_id` (the part after `ed25519:`) put on `object`.
///
/// [Checking for a signature](https://spec.matrix.org/latest/appendices/#checking-for-a-signature): over the canonical
/// JSON without `signatures` and `unsigned`.
pub(crate) fn check_signature(object: &Value, user: &str, key_id: &str, public_key: &str) -> Signature {
    let Some(signature) = object
        .get("signatures")
        .and_then(|it| it.get(user))
        .and_then(|it| it.get(format!("ed25519:{key_id}")))
    else {
        return Signature::Missing;
    };
    let Some(signature) = signature.as_str().and_then(|it| Ed25519Signature::from_base64(it).ok()) else {
        return Signature::Invalid;
    };
    let (Ok(key), Some(message)) = (Ed25519PublicKey::from_base64(public_key), signed_text(object)) else {
        return Signature::Invalid;
    };
    match key.verify(message.as_bytes(), &signature) {
        Ok(()) => Signature::Valid,
        Err(_) => Signature::Invalid,
    }
}

/// Signs `object` as `user` with the private Ed25519 key, beside the signatures that are there; returns whether it could.
///
/// [Signing JSON](https://spec.matrix.org/latest/appendices/#signing-json).
pub(crate) fn sign(object: &mut Value, user: &str, private_key: &[u8; 32]) -> Option<()> {
    let key = vodozemac::Ed25519SecretKey::from_slice(private_key);
    let signature = key.sign(signed_text(object)?.as_bytes()).to_base64();
    let key_id = format!("ed25519:{}", key.public_key().to_base64());
    let fields = object.as_object_mut()?;
    let signatures = fields.entry("signatures").or_insert_with(|| json!({}));
    let of_user = signatures.as_object_mut()?.entry(user).or_insert_with(|| json!({}));
    of_user.as_object_mut()?.insert(key_id, signature.into());
    Some(())
}

fn signed_text(object: &Value) -> Option<String> {
    let mut object = object.as_object()?.clone();
    object.remove("signatures");
    object.remove("unsigned");
    Some(CanonicalJsonValue::try_from(Value::Object(object)).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use vodozemac::Ed25519Keypair;

    use super::*;

    fn signed() -> (Value, String) {
        let pair = Ed25519Keypair::new();
        let mut object = json!({"b": 1, "a": "ü", "unsigned": {"age": 3}});
        let signature = pair.sign(r#"{"a":"ü","b":1}"#.as_bytes()).to_base64();
        object["signatures"] = json!({"@a:b": {"ed25519:K": signature}});
        (object, pair.public_key().to_base64())
    }

    #[test]
    fn what_is_signed_here_holds_and_keeps_the_other_signatures() {
        let (mut object, key) = signed();
        sign(&mut object, "@a:b", &[7; 32]).unwrap();
        let own = vodozemac::Ed25519SecretKey::from_slice(&[7; 32])
            .public_key()
            .to_base64();
        assert_eq!(check_signature(&object, "@a:b", &own, &own), Signature::Valid);
        assert_eq!(check_signature(&object, "@a:b", "K", &key), Signature::Valid);
    }

    #[test]
    fn a_good_signature_holds() {
        let (object, key) = signed();
        assert_eq!(check_signature(&object, "@a:b", "K", &key), Signature::Valid);
    }

    #[test]
    fn a_changed_object_a_missing_and_a_foreign_signature_do_not() {
        let (mut object, key) = signed();
        assert_eq!(check_signature(&object, "@a:b", "L", &key), Signature::Missing);
        assert_eq!(check_signature(&object, "@c:b", "K", &key), Signature::Missing);
        let stranger = Ed25519Keypair::new().public_key().to_base64();
        assert_eq!(check_signature(&object, "@a:b", "K", &stranger), Signature::Invalid);
        object["b"] = json!(2);
        assert_eq!(check_signature(&object, "@a:b", "K", &key), Signature::Invalid);
        object["signatures"]["@a:b"]["ed25519:K"] = json!("not a signature");
        assert_eq!(check_signature(&object, "@a:b", "K", &key), Signature::Invalid);
    }

    #[test]
    fn what_has_no_canonical_form_is_not_signed() {
        let (mut object, key) = signed();
        object["b"] = json!(1.5);
        assert_eq!(check_signature(&object, "@a:b", "K", &key), Signature::Invalid);
    }
}
