//! Account data, piece by piece.

use lifeboat_preflight::{
    OwnSession,
    ark::{ArkComparison, ArkError, DataComparison, DataState},
};
use matrix_sdk::ruma::{
    api::{
        client::config::{get_global_account_data, set_global_account_data},
        error::ErrorKind,
    },
    events::GlobalAccountDataEventType,
    serde::Raw,
};
use serde_json::Value;

use super::{ArkRestoreError, ArkSelection, refused};

/// Tells whether account data says what somebody wished rather than what somebody needs.
pub(super) fn is_switch(kind: &str) -> bool {
    [
        "m.key_backup",
        "m.org.matrix.custom.backup_disabled",
        "io.element.recovery",
    ]
    .contains(&kind)
}

/// Returns the selected account data in an order in which no moment is worse than the one before: descriptions of keys,
/// then what is encrypted to them, and last which of them is the default.
pub(super) fn in_order<'a>(comparison: &'a ArkComparison, selection: &ArkSelection) -> Vec<&'a DataComparison> {
    let selected = |it: &&DataComparison| {
        selection.account_data.contains(&it.kind) && it.hindrance.is_none() && it.state != DataState::Same
    };
    let mut all: Vec<_> = comparison.account_data.iter().filter(selected).collect();
    all.sort_by_key(|it| match it.kind.as_str() {
        "m.secret_storage.default_key" => 2,
        kind if kind.starts_with("m.secret_storage.key.") => 0,
        _ => 1,
    });
    all
}

/// Writes one piece, if it is still as the comparison saw it.
///
/// `PUT /_matrix/client/v3/user/{userId}/account_data/{type}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3useruseridaccount_datatype)).
pub(super) async fn put(session: &OwnSession, data: &DataComparison) -> Result<(), ArkRestoreError> {
    let (caller, user) = (session.caller(), session.user_id());
    let kind = GlobalAccountDataEventType::from(data.kind.as_str());
    let request = get_global_account_data::v3::Request::new(user.to_owned(), kind.clone());
    let now = match caller.ask(|| caller.client().send(request.clone())).await {
        Ok(answer) => serde_json::from_str(answer.account_data.json().get()).unwrap_or(Value::Null),
        Err(error) if matches!(error.client_api_error_kind(), Some(ErrorKind::NotFound)) => Value::Null,
        Err(error) => return Err(refused(session, &data.kind, error)),
    };
    let as_planned = match &data.state {
        DataState::Same => return Ok(()),
        DataState::Missing => now.is_null() || now.as_object().is_some_and(serde_json::Map::is_empty),
        DataState::Different(seen) => now == *seen,
    };
    if !as_planned {
        let kind = data.kind.clone();
        return Err(ArkRestoreError::DataChanged { kind });
    }
    let content = Raw::new(&data.archived).map(Raw::cast_unchecked);
    let content = content.map_err(|error| ArkError::Read(error.into()))?;
    let request = set_global_account_data::v3::Request::new_raw(user.to_owned(), kind, content);
    let answer = caller.ask(|| caller.client().send(request.clone())).await;
    answer.map(|_| ()).map_err(|error| refused(session, &data.kind, error))
}
