//! Looks once more at what a clearance stands on.

use futures_util::join;
use lifeboat_report::Ground;

use crate::{
    OwnSession,
    probe::{backup::newest_backup, published::published_keys},
};

/// Asks for the public identity and the active backup version, and for nothing else. Changes nothing.
///
/// `POST /_matrix/client/v3/keys/query`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)) and
/// `GET /_matrix/client/v3/room_keys/version`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keysversion)).
pub async fn ground(session: &OwnSession) -> Ground {
    let caller = session.caller();
    let (published, newest) = join!(published_keys(caller, session.user_id()), newest_backup(caller));
    Ground {
        identity: published.map(|it| it.identity.master),
        backup: newest.map(|it| it.map(|it| it.version)),
    }
}
