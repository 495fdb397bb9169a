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
    match token {
        AdminToken::File(file) => {
            let read = secrets::read_file(file, Purpose::AdminToken)?;
            warn_of_readers(console, read.readers, file);
            Ok(read.secret)
        }
        AdminToken::Descriptor(number) => secrets::read_descriptor(*number, Purpose::AdminToken),
        AdminToken::Prompt => {
            let question = "Access token of an administrator (it is not shown)";
            asked(stops, move || prompt::ask(question)).await
        }
        AdminToken::Known(token) => Ok(token.clone()),
    }
}
