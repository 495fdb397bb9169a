//! The access token of an administrator.

use secrecy::SecretString;

use crate::{
    failure::Failure,
    resolve::AdminToken,
    secrets::{self, Purpose},
    session::{asked, warn_of_readers},
    signals::Stops,
    ui::{console::Console, prompt},
};

/// Has it at hand.
pub(crate) async fn read(
    token: &AdminToken,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<SecretString, Failure> {
    let question = "Access token of an administrator (it is not shown)".to_owned();
    read_asking(token, question, stops, console).await
}

/// Has the one for the Admin API of a Matrix Authentication Service at hand; whoever types it is told where it goes.
pub(crate) async fn read_for_mas(
    token: &AdminToken,
    url: &str,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<SecretString, Failure> {
    let question = format!("Access token for the Admin API of {url}, with the scope urn:mas:admin (it is not shown)");
    read_asking(token, question, stops, console).await
}

async fn read_asking(
    token: &AdminToken,
    question: String,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<SecretString, Failure> {
    match token {
        AdminToken::File(file) => {
            let read = secrets::read_file(file, Purpose::AdminToken)?;
            warn_of_readers(console, read.readers, file);
            Ok(read.secret)
        }
        AdminToken::Descriptor(number) => secrets::read_descriptor(*number, Purpose::AdminToken),
        AdminToken::Prompt => asked(stops, move || prompt::ask(&question)).await,
        AdminToken::Known(token) => Ok(token.clone()),
    }
}
