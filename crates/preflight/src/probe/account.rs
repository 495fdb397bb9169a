//! `GET /_matrix/client/v3/account/3pid`: which addresses can reset the password.

use lifeboat_report::{
    Fact,
    facts::{Account, Email},
};
use matrix_sdk::ruma::{api::client::account::get_3pids, thirdparty::Medium};

use crate::{Caller, gap_of};

/// Asks for the account's confirmed addresses
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3account3pid)). Changes nothing.
pub(crate) async fn account(caller: &Caller) -> Account {
    let emails = match caller.ask(|| caller.client().send(get_3pids::v3::Request::new())).await {
        Ok(answer) => Fact::Known(
            answer
                .threepids
                .iter()
                .filter(|it| it.medium == Medium::Email)
                .map(|it| Email::masked(&it.address, it.validated_at.0.into()))
                .collect(),
        ),
        Err(error) => Fact::Unknown(gap_of(&error)),
    };
    Account {
        emails,
        administration: None,
    }
}
