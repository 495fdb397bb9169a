//! What can be known of an account without being signed in to it.

use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{Account, Identity, KeyBackup},
};
use matrix_sdk::ruma::UserId;

use crate::{
    Homeserver, OwnSession, SignInError,
    caller::Caller,
    probe::{administrator, devices::sessions, published::published_keys, server::server},
};

/// Gathers what the server tells people who are not signed in to the account. The rest are gaps.
///
/// `other`: a session of another account of the same server, which may ask for published keys
/// (`POST /_matrix/client/v3/keys/query`,
/// [spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)); if it is an administrator's
/// and the server a Synapse, also for the sessions, the addresses and what secret storage consists of. Changes nothing.
pub async fn outside(homeserver: &Homeserver, user: &UserId, other: Option<&OwnSession>) -> Result<Facts, SignInError> {
    let not_asked = Gap::NotAsked;
    let server = match other {
        Some(other) => server(other.caller(), homeserver, user).await,
        None => server(&Caller::new(homeserver.anonymous().await?), homeserver, user).await,
    };
    let published = match other {
        Some(other) => published_keys(other.caller(), user).await,
        None => Fact::Unknown(not_asked),
    };
    let told = match other {
        Some(other) => administrator::told(other.caller(), homeserver, user).await,
        None => administrator::Told {
            account: Account {
                emails: Fact::Unknown(not_asked),
            },
            devices: Fact::Unknown(not_asked),
            storage: Fact::Unknown(not_asked),
        },
    };
    Ok(Facts {
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
    })
}
