//! Finds out by signing in whether a password is the account's.

use lifeboat_preflight::{Credentials, Homeserver, Keeping, OwnSession, SignInError, ruma::UserId};
use secrecy::SecretString;

use crate::{Refusal, uia::words_of};

/// What a trial of a password shows.
#[derive(Debug)]
pub enum Trial {
    /// It is the account's password. The session is handed over to be used: servers take few sign-ins.
    SignedIn(Box<OwnSession>),
    /// It is not.
    WrongPassword,
}

/// Signs in with `password`, once.
///
/// `POST /_matrix/client/v3/login`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3login)): makes a session if the password
/// is right. This is what tells which password is true after a change whose answer was lost; try the new one first,
/// because wrong ones are limited more strictly.
///
/// # Errors
///
/// Everything after which the question is still open. If an answer is lost here too, a session without keys may be
/// left behind.
pub async fn try_password(
    homeserver: &Homeserver,
    user: &UserId,
    password: &SecretString,
    keeping: Keeping,
) -> Result<Trial, Refusal> {
    let credentials = Credentials::Password(password.clone());
    match OwnSession::sign_in(homeserver, user, credentials, keeping).await {
        Ok(session) => Ok(Trial::SignedIn(Box::new(session))),
        Err(SignInError::WrongPassword { .. }) => Ok(Trial::WrongPassword),
        Err(error) => Err(refusal(error)),
    }
}

fn refusal(error: SignInError) -> Refusal {
    match error {
        SignInError::RateLimited { wait } => Refusal::RateLimited { wait },
        SignInError::Deactivated => Refusal::Deactivated,
        SignInError::Suspended => Refusal::Suspended,
        SignInError::MethodNotOffered { .. } => Refusal::NotOffered,
        SignInError::Network(_) => Refusal::Unreachable,
        other => Refusal::Other {
            words: words_of(&other.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::testing::{Reply, ScriptedServer, refused, user};

    async fn tried(reply: Reply) -> Result<Trial, Refusal> {
        let server = ScriptedServer::start([reply]).await;
        try_password(&server.homeserver().await, &user(), &"new".into(), Keeping::RemoveAtEnd).await
    }

    #[tokio::test]
    async fn the_right_password_makes_a_session() {
        let answer = json!({"user_id": user(), "access_token": "token", "device_id": "NEW"});
        match tried(Reply::Json(200, answer)).await {
            Ok(Trial::SignedIn(session)) => assert_eq!(session.device_id(), Some("NEW")),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_wrong_password_is_told_from_not_knowing() {
        let wrong = tried(refused(403, "M_FORBIDDEN")).await;
        assert!(matches!(wrong, Ok(Trial::WrongPassword)), "{wrong:?}");
        let slow_down = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Slow down."});
        for (reply, expected) in [
            (
                Reply::After(429, "6", slow_down),
                Refusal::RateLimited {
                    wait: Some(Duration::from_secs(6)),
                },
            ),
            (refused(403, "M_USER_DEACTIVATED"), Refusal::Deactivated),
            (refused(403, "M_USER_SUSPENDED"), Refusal::Suspended),
            (Reply::Cut, Refusal::Unreachable),
            (Reply::Silence, Refusal::Unreachable),
        ] {
            match tried(reply.clone()).await {
                Err(refusal) => assert_eq!(refusal, expected, "{reply:?}"),
                other => panic!("{reply:?}: {other:?}"),
            }
        }
    }
}
