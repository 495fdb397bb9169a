//! The change by somebody who knows the old password and has a session.

use lifeboat_preflight::Caller;
use lifeboat_report::Fate;
use secrecy::SecretString;

use crate::{
    Answer, Refusal,
    uia::{ChangePassword, Proof, converse},
};

/// Changes the password of `caller`'s account from `old` to `new`.
///
/// `POST /_matrix/client/v3/account/password` with `m.login.password`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3accountpassword)), one request where
/// the server lets that pass, else two. With [`Fate::SessionsEnded`] the caller's own session survives.
pub async fn change(caller: &Caller, old: &SecretString, new: &SecretString, fate: Fate) -> Answer {
    let Some(user) = caller.client().user_id() else {
        return Answer::Refused(Refusal::SessionEnded);
    };
    let proof = Proof::Password {
        user: user.to_owned(),
        old: old.clone(),
    };
    converse(caller, ChangePassword::new(new, fate, proof)).await
}
