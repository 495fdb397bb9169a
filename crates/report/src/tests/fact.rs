//! What facts can be asked.

use crate::facts::{DeviceKeys, Email, SecretName};
use crate::testing::session;
use crate::{Fact, Fate, Gap};

const GAPS: [Gap; 6] = [
    Gap::NotAsked,
    Gap::Offline,
    Gap::Refused,
    Gap::RateLimited,
    Gap::Unsupported,
    Gap::Unreadable,
];

#[test]
fn a_gap_is_never_what_was_wanted() {
    assert!(Fact::Known(7).is(&7));
    assert!(!Fact::Known(7).is(&8));
    for gap in GAPS {
        assert!(!Fact::Unknown(gap).is(&7));
        assert!(!Fact::Unknown(gap).is(&()));
    }
}

#[test]
fn a_gap_stays_the_same_gap() {
    let known = Fact::Known(7);
    assert_eq!((known.known(), known.gap()), (Some(&7), None));
    assert_eq!(known.as_ref(), Fact::Known(&7));
    assert_eq!(known.clone().map(|it| it + 1), Fact::Known(8));
    assert_eq!(known.clone().and_then(|it| Fact::Known(it + 1)), Fact::Known(8));
    assert_eq!(
        known.and_then(|_| Fact::<i32>::Unknown(Gap::Refused)),
        Fact::Unknown(Gap::Refused)
    );
    for gap in GAPS {
        let fact: Fact<i32> = Fact::Unknown(gap);
        assert_eq!((fact.known(), fact.gap()), (None, Some(gap)));
        assert_eq!(fact.as_ref(), Fact::Unknown(gap));
        assert_eq!(fact.clone().map(|it| it + 1), Fact::Unknown(gap));
        assert_eq!(fact.and_then(Fact::Known), Fact::Unknown(gap));
    }
}

#[test]
fn facts_are_written_as_promised() {
    let known = serde_json::to_string(&Fact::Known(7)).unwrap();
    assert_eq!(known, r#"{"known":7}"#);
    let gaps = GAPS
        .map(|it| serde_json::to_string(&Fact::<i32>::Unknown(it)).unwrap())
        .join(" ");
    assert_eq!(
        gaps,
        r#"{"unknown":"not-asked"} {"unknown":"offline"} {"unknown":"refused"} {"unknown":"rate-limited"} {"unknown":"unsupported"} {"unknown":"unreadable"}"#
    );
    for fate in Fate::BOTH {
        assert_eq!(serde_json::to_value(fate).unwrap(), fate.to_string());
    }
}

#[test]
fn only_another_session_with_keys_may_hold_room_keys() {
    let with = |keys| session("PHONE", None, 0, keys);
    for keys in [DeviceKeys::Unsigned, DeviceKeys::Signed, DeviceKeys::Invalid] {
        assert!(with(keys).may_hold_room_keys());
    }
    assert!(!with(DeviceKeys::None).may_hold_room_keys());
    let mut it = with(DeviceKeys::Signed);
    it.keys = Fact::Unknown(Gap::Offline);
    assert!(it.may_hold_room_keys());
    it.this = true;
    assert!(!it.may_hold_room_keys());
    (it.this, it.dehydrated) = (false, true);
    assert!(!it.may_hold_room_keys());
}

#[test]
fn only_another_session_that_is_signed_is_trusted() {
    let with = |keys| session("PHONE", None, 0, keys);
    assert!(with(DeviceKeys::Signed).is_trusted_other());
    for keys in [DeviceKeys::None, DeviceKeys::Unsigned, DeviceKeys::Invalid] {
        assert!(!with(keys).is_trusted_other(), "{keys:?}");
    }
    let mut it = with(DeviceKeys::Signed);
    it.this = true;
    assert!(!it.is_trusted_other(), "it cannot answer itself");
    (it.this, it.dehydrated) = (false, true);
    assert!(!it.is_trusted_other(), "nobody is there to answer");
    it.dehydrated = false;
    for gap in GAPS {
        it.keys = Fact::Unknown(gap);
        assert!(!it.is_trusted_other(), "{gap:?}");
    }
}

#[test]
fn addresses_are_masked() {
    let masked = |address| Email::masked(address, 7).masked;
    assert_eq!(masked("mira@example.org"), "m…@example.org");
    assert_eq!(masked("\"a@b\"@example.org"), "\"…@example.org");
    assert_eq!(masked("é@example.org"), "é…@example.org");
    assert_eq!(masked("@example.org"), "…@example.org");
    assert_eq!(masked("nowhere"), "n…@");
    assert_eq!(Email::masked("mira@example.org", 7).validated_at, 7);
}

#[test]
fn secrets_are_named_by_their_event_types() {
    for name in SecretName::ALL {
        assert_eq!(serde_json::to_value(name).unwrap(), name.event_type());
    }
}
