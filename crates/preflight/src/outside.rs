//! What can be known of an account without being signed in to it.

use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{Identity, KeyBackup, Server},
};
use matrix_sdk::ruma::UserId;

use crate::{
    AdminApi, Homeserver, OwnSession, Pace, SignInError,
    caller::Caller,
    probe::{
        administrator::{self, Told},
        devices::sessions,
        published::{PublishedKeys, published_keys},
        server::server,
    },
};

/// Gathers what the server tells people who are not signed in to the account. The rest are gaps.
///
/// `other`: a session of another account of the same server, which may ask for published keys
/// (`POST /_matrix/client/v3/keys/query`,
/// [spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)); if it is an administrator's
/// and the server a Synapse, also for the sessions, the addresses and what secret storage consists of. Changes nothing.
pub async fn outside(homeserver: &Homeserver, user: &UserId, other: Option<&OwnSession>) -> Result<Facts, SignInError> {
    let Some(other) = other else {
        let server = server(&Caller::new(homeserver.anonymous().await?), homeserver, user).await;
        let not_asked = Gap::NotAsked;
        return Ok(gathered(server, Told::nothing(not_asked), Fact::Unknown(not_asked)));
    };
    let api = AdminApi::of(other, homeserver, Pace::at_once());
    let server = server(other.caller(), homeserver, user).await;
    let published = published_keys(other.caller(), user).await;
    Ok(gathered(server, administrator::told(&api, user).await, published))
}

/// Puts together what was told.
pub(crate) fn gathered(server: Server, told: Told, published: Fact<PublishedKeys>) -> Facts {
    let not_asked = Gap::NotAsked;
    Facts {
        server,
        account: told.account,
        sessions: sessions(told.devices, published.as_ref().map(|it| &it.devices), None),
        identity: published.map(|it| Identity {
            from_outside: it.identity.user_signing.is_none(),
            ..it.identity
        }),
        backup: KeyBackup {
            active: Fact::Unknown(not_asked),
            switched_off: told.storage.as_ref().map(|it| it.off_switch),
            older: Vec::new(),
        },
        storage: told.storage.map(|it| it.facts),
        key_trial: Fact::Unknown(not_asked),
        proof: Fact::Unknown(not_asked),
        coverage: Fact::Unknown(not_asked),
    }
}
