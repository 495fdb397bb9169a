//! Checks signatures over JSON locally: the server is not trusted with them.

use lifeboat_report::facts::Signature;
use matrix_sdk::ruma::CanonicalJsonValue;
use serde_json::Value;
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

fn signed_text(object: &Value) -> Option<String> {
    let mut object = object.as_object()?.clone();
    object.remove("signatures");
    object.remove("unsigned");
    Some(CanonicalJsonValue::try_from(Value::Object(object)).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
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
