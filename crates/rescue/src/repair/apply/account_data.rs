//! Account data, read and written.

use lifeboat_preflight::{LiveError, OwnSession};
use matrix_sdk::ruma::{
    api::{
        client::config::{get_global_account_data, set_global_account_data},
        error::ErrorKind,
    },
    events::GlobalAccountDataEventType,
    serde::Raw,
};
use serde_json::Value;

use super::{RepairError, heard};

/// `GET /_matrix/client/v3/user/{userId}/account_data/{type}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3useruseridaccount_datatype)).
pub(super) async fn read(session: &OwnSession, kind: &str) -> Result<Option<Value>, RepairError> {
    let request =
        get_global_account_data::v3::Request::new(session.user_id().to_owned(), GlobalAccountDataEventType::from(kind));
    let caller = session.caller();
    let answer = caller.ask(|| caller.client().send(request.clone())).await;
    match answer {
        Ok(answer) => Ok(serde_json::from_str(answer.account_data.json().get()).ok()),
        Err(error) if error.client_api_error_kind() == Some(&ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(LiveError::from(error).into()),
    }
}

/// `PUT /_matrix/client/v3/user/{userId}/account_data/{type}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3useruseridaccount_datatype)).
pub(super) async fn write(session: &OwnSession, kind: &str, content: &Value) -> Result<(), RepairError> {
    let content = Raw::new(content).map_err(|_| RepairError::Cipher)?.cast_unchecked();
    let request = set_global_account_data::v3::Request::new_raw(
        session.user_id().to_owned(),
        GlobalAccountDataEventType::from(kind),
        content,
    );
    let caller = session.caller();
    heard(caller.ask(|| caller.client().send(request.clone())).await).map(drop)
}
