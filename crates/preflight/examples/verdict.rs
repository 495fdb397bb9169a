//! Judges the account of a session that exists, as a client would before it offers a reset. Changes nothing.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::{env, error::Error, fs, time::SystemTime};

use lifeboat_preflight::{
    Credentials, ForecastOptions, ForecastQuestion, Keeping, NetworkOptions, OwnSession, Questions, discover, examine,
    ruma::UserId,
};
use lifeboat_report::{Fate, Report, Severity};
use secrecy::SecretString;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [user, server, token_file] = arguments.as_slice() else {
        return Err("give a user id, the address of its server, and a file with an access token".into());
    };
    let user = UserId::parse(user)?;
    let token = SecretString::from(fs::read_to_string(token_file)?.trim().to_owned());

    let homeserver = discover(&user, Some(server), NetworkOptions::default()).await?;
    let lent = Credentials::AccessToken(token);
    let session = OwnSession::sign_in(&homeserver, &user, lent, Keeping::RemoveAtEnd).await?;
    // With a recovery key among the candidates, the verdict for ended sessions can become clear.
    let questions = Questions::default();
    let messages = ForecastQuestion::Run(ForecastOptions::default());
    let checked = examine(&session, &homeserver, &questions, &messages, &()).await?;
    // A lent session stays as it is.
    session.leave().await?;

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let report = Report::of(user.to_string(), u64::try_from(now)?, checked.facts);
    for fate in Fate::BOTH {
        println!("sessions {fate}: {}", report.verdict.of(fate));
    }
    for finding in report.findings.iter().filter(|it| it.severity > Severity::Note) {
        println!("{}: {finding}", finding.code);
    }
    Ok(())
}
