//! Messages to every other session of the account.

use std::collections::BTreeMap;

use lifeboat_preflight::{LiveError, LiveSession};
use matrix_sdk::{
    deserialized_responses::{EncryptionInfo, VerificationState},
    ruma::{
        OwnedDeviceId, TransactionId,
        api::client::to_device::send_event_to_device,
        events::{AnyToDeviceEventContent, ToDeviceEventType},
        serde::Raw,
        to_device::DeviceIdOrAllDevices,
    },
};
use serde_json::Value;

/// Sends `content` unencrypted to every session of the account.
///
/// `PUT /_matrix/client/v3/sendToDevice/{eventType}/{txnId}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid)). The server
/// keeps it for sessions that are not connected.
pub(crate) async fn send_to_all(live: &LiveSession, event_type: &str, content: &Value) -> Result<(), LiveError> {
    let content: Raw<AnyToDeviceEventContent> = Raw::new(content).map_err(matrix_sdk::Error::from)?.cast_unchecked();
    let to_all = BTreeMap::from([(DeviceIdOrAllDevices::AllDevices, content)]);
    let messages = BTreeMap::from([(live.own().user_id().to_owned(), to_all)]);
    let request =
        send_event_to_device::v3::Request::new_raw(ToDeviceEventType::from(event_type), TransactionId::new(), messages);
    live.client().send(request).await?;
    Ok(())
}

/// Returns which session sent something, if it is one of the account that the identity vouches for.
pub(crate) fn verified_sender(
    live_user: &matrix_sdk::ruma::UserId,
    info: Option<&EncryptionInfo>,
) -> Option<OwnedDeviceId> {
    let info = info.filter(|it| it.sender == live_user)?;
    (info.verification_state == VerificationState::Verified).then(|| info.sender_device.clone())?
}

#[cfg(test)]
mod tests {
    use matrix_sdk::{
        deserialized_responses::{AlgorithmInfo, EncryptionInfo, VerificationLevel, VerificationState},
        ruma::{device_id, user_id},
    };

    use super::verified_sender;

    #[test]
    fn only_sessions_of_our_own_that_the_identity_vouches_for_are_heard() {
        let (own, phone) = (user_id!("@mira:example.org"), device_id!("PHONE"));
        let info = EncryptionInfo {
            sender: own.to_owned(),
            sender_device: Some(phone.to_owned()),
            forwarder: None,
            algorithm_info: AlgorithmInfo::OlmV1Curve25519AesSha2 {
                curve25519_public_key_base64: String::new(),
            },
            verification_state: VerificationState::Verified,
        };
        assert_eq!(verified_sender(own, Some(&info)).as_deref(), Some(phone));
        let stranger = user_id!("@eve:example.org");
        assert_eq!(verified_sender(stranger, Some(&info)), None);
        let unsigned = EncryptionInfo {
            verification_state: VerificationState::Unverified(VerificationLevel::UnsignedDevice),
            ..info
        };
        assert_eq!(verified_sender(own, Some(&unsigned)), None);
        assert_eq!(verified_sender(own, None), None, "what was not encrypted");
    }
}
