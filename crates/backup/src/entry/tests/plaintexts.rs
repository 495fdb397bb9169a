//! Compares the opener with the oracle on plaintexts that are sealed lawfully.

use super::Court;
use crate::{Damage, SessionId, State, base64};

#[test]
fn session_keys_of_all_kinds_are_judged_alike() {
    let mut court = Court::new();
    let (session, plaintext, _) = court.sample();
    let lawful = session.exported();
    let text = base64::encode(&lawful);
    let mut with = |id: SessionId, session_key: &str| court.judge_plaintext(id, plaintext.replace(&text, session_key));
    assert_eq!(with(session.id(), &text), State::Opens);
    for length in (0..lawful.len()).chain([166, 229]) {
        let mut key = lawful.clone();
        key.resize(length, 0);
        assert_eq!(
            with(session.id(), &base64::encode(&key)),
            State::Damaged(Damage::SessionKey),
            "{length}"
        );
    }
    for version in [0, 2, 3, 255] {
        let mut key = lawful.clone();
        key[0] = version;
        assert_eq!(
            with(session.id(), &base64::encode(&key)),
            State::Damaged(Damage::SessionKey)
        );
    }
    for byte in 0..=255 {
        let mut key = lawful.clone();
        key[133..].fill(byte);
        let id = SessionId::from_bytes([byte; 32]);
        let state = with(id, &base64::encode(&key));
        assert!(state == State::Opens || state == State::Damaged(Damage::SessionKey));
    }
    for spelling in [
        format!("{text}="),
        format!("{text}A"),
        format!(" {text}"),
        text.replacen('A', "-", 1),
    ] {
        assert_eq!(with(session.id(), &spelling), State::Damaged(Damage::SessionKey));
    }
    // Swift's encoder writes every slash like this.
    assert_eq!(with(session.id(), &text.replace('/', r"\/")), State::Opens);
    assert_eq!(with(session.id(), &text.replacen('A', r"\u0041", 1)), State::Opens);
}

#[test]
fn plaintexts_of_all_kinds_are_judged_alike() {
    let mut court = Court::new();
    let (session, plaintext, _) = court.sample();
    let json: serde_json::Value = serde_json::from_str(&plaintext).unwrap();
    let key = json["sender_key"].as_str().unwrap();
    let device = json["sender_claimed_keys"]["ed25519"].as_str().unwrap();
    let no_point = base64::encode(&[2; 32]);
    let mut state = |from: &str, to: &str| {
        let spoiled = plaintext.replacen(from, to, 1);
        assert_ne!(spoiled, plaintext, "{from} {to}");
        court.judge_plaintext(session.id(), spoiled)
    };
    for (from, to) in [
        (r#"{"algorithm""#, r#"{"unknown":[1e999,{"a":"\ud800"}],"algorithm""#),
        (r#"m.megolm.v1.aes-sha2"#, r#"m\u002emegolm.v1.aes-sha2"#),
        (key, &format!("{key}=")),
        (device, &format!("{device}=")),
        (r#""ed25519":"#, r#""curve25519":"anything","ed25519":"#),
        (&format!(r#"{{"ed25519":"{device}"}}"#), "{}"),
        (
            &format!(r#""{device}""#),
            &format!(r#""{no_point}","ed25519":"{device}""#),
        ),
        (r#","forwarding_curve25519_key_chain":[]"#, ""),
        (r#":[]"#, &format!(r#":["{key}","{key}="]"#)),
        (r#","m.shared_history":false"#, ""),
        ("m.shared_history", "org.matrix.msc3061.shared_history"),
        (":false", ":true"),
    ] {
        assert_eq!(state(from, to), State::Opens, "{from} {to}");
    }
    for (from, to) in [
        (r#""algorithm":"m.megolm.v1.aes-sha2","#, ""),
        (
            "m.megolm.v1.aes-sha2\"",
            "m.megolm.v1.aes-sha2\",\"algorithm\":\"m.megolm.v1.aes-sha2\"",
        ),
        (key, &key[1..]),
        (key, &format!("{key}A")),
        (key, &format!("{key}==")),
        (&format!(r#""sender_key":"{key}","#), ""),
        (r#""session_key":""#, r#""session_key":0,"x":""#),
        (r#""session_key":"#, r#""x":"#),
        (device, &no_point),
        (device, &format!("{device}A")),
        (device, &device[1..]),
        (&format!(r#"{{"ed25519":"{device}"}}"#), "null"),
        (&format!(r#"{{"ed25519":"{device}"}}"#), "[]"),
        (&format!(r#"{{"ed25519":"{device}"}}"#), r#"{"curve25519":5}"#),
        (
            &format!(r#""{device}""#),
            &format!(r#""{device}","ed25519":"{no_point}""#),
        ),
        (":[]", ":null"),
        (":[]", ":{}"),
        (":[]", r#":["x"]"#),
        (":[]", ":[5]"),
        (":false", ":0"),
        (":false", r#":false,"m.shared_history":false"#),
        (":false", r#":false,"org.matrix.msc3061.shared_history":false"#),
        (key, r"\ud800"),
    ] {
        assert_eq!(state(from, to), State::Damaged(Damage::NotARoomKey), "{from} {to}");
    }
    for (from, to) in [
        ("m.megolm.v1.aes-sha2", "m.megolm.v2.aes-sha2"),
        ("m.megolm.v1.aes-sha2", ""),
        (
            "m.megolm.v1.aes-sha2\",\"sender_key\":\"",
            "m.olm\",\"sender_key\":null,\"x\":\"",
        ),
    ] {
        assert_eq!(state(from, to), State::Damaged(Damage::Algorithm), "{from} {to}");
    }
    for (text, damage) in [
        ("", Damage::NotJson),
        ("null", Damage::NotARoomKey),
        ("{}", Damage::NotARoomKey),
        ("[]", Damage::NotARoomKey),
        ("{} ", Damage::NotARoomKey),
        ("{}x", Damage::NotJson),
        (r#"{"algorithm":5}"#, Damage::NotARoomKey),
        (r#"{"algorithm":"x"}"#, Damage::Algorithm),
    ] {
        assert_eq!(
            court.judge_plaintext(session.id(), text),
            State::Damaged(damage),
            "{text}"
        );
    }
    let latin = [&plaintext.as_bytes()[..plaintext.len() - 1], b",\"x\":\"\xe9\"}"].concat();
    assert_eq!(court.judge_plaintext(session.id(), latin), State::Opens);
    let latin = plaintext.replacen("m.megolm", "?", 1).into_bytes();
    let latin: Vec<u8> = latin
        .into_iter()
        .map(|byte| if byte == b'?' { 0xe9 } else { byte })
        .collect();
    assert_eq!(
        court.judge_plaintext(session.id(), latin),
        State::Damaged(Damage::NotJson)
    );
}
