//! Bad input: two sentences each, and nothing is changed or created.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    api::segment,
    lifeboat::{Lifeboat, Outcome},
    proxy::{Fault, Proxy, Reply},
};

use super::{desk, flat};
use crate::reset::healthy;

pub(super) fn ensure_two_sentences(outcome: &Outcome, code: i32, words: &str) -> Result<()> {
    ensure!(
        outcome.code()? == code && flat(outcome).contains(words),
        "not “{words}”: {outcome}"
    );
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    ensure!(
        lines.iter().filter(|it| it.starts_with("error:")).count() == 1
            && lines.last().is_some_and(|it| it.starts_with("hint:")),
        "{outcome}"
    );
    Ok(())
}

#[tokio::test]
async fn tokens_users_and_servers_that_will_not_do() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let base_url = account.homeserver.base_url.as_str();
    let user = account.user_id.as_str();
    let nobody = account.homeserver.user_id("crowd-nobody");
    let name = account.homeserver.server_name.as_str();
    for command in ["check", "reset", "audit"] {
        let run = async |user: &str, token: Option<&str>, base_url: &str| {
            let who = if command == "audit" { name } else { user };
            let desk = Lifeboat::new(["desk", command, who, "--homeserver", base_url])?;
            let desk = match command {
                "reset" => desk.args(["--yes", "--accept-cautions"]),
                "audit" => desk.args(["--folder", "audit"]),
                _ => desk,
            };
            match token {
                Some(token) => desk.secret("--admin-token-file", token)?.run().await,
                None => desk.run().await,
            }
        };
        let token = admin.token();
        let own = account.api()?.token();
        ensure_two_sentences(
            &run(user, None, base_url).await?,
            2,
            "no access token of an administrator",
        )?;
        ensure_two_sentences(&run(user, own, base_url).await?, 1, "is no administrator of the server")?;
        ensure_two_sentences(&run(user, Some("nonsense"), base_url).await?, 1, "access token")?;
        if command != "audit" {
            ensure_two_sentences(&run(&nobody, token, base_url).await?, 1, "no such account")?;
            let elsewhere = run("@mira:elsewhere.example", token, base_url).await?;
            ensure_two_sentences(&elsewhere, 1, "and not to elsewhere.example")?;
        }
        // A server of another kind, or one that hides the API.
        let proxy = Proxy::start(base_url).await?;
        proxy.intercept(|it| {
            let hidden = it.path.starts_with("/_synapse/");
            hidden.then(|| Fault::Answer(Reply::error(404, "M_UNRECOGNIZED", "Unrecognized request")))
        });
        let hidden = run(user, token, &proxy.base_url()).await?;
        ensure_two_sentences(&hidden, 1, "does not have Synapse’s Admin API")?;
        let wrote = std::fs::read_dir(hidden.home())?.filter_map(Result::ok);
        let names = wrote.map(|it| it.file_name().to_string_lossy().into_owned());
        let left: Vec<_> = names
            .filter(|it| it.contains("letter") || it.contains("password"))
            .collect();
        ensure!(left.is_empty(), "{left:?}");
    }
    let path = format!("/_synapse/admin/v2/users/{}", segment(&nobody));
    ensure!(admin.try_get(&path).await?.status == 404, "an account was created");
    account
        .homeserver
        .sign_in(account.localpart(), &account.password)
        .await
        .context("the password is another one")?;
    // Nobody acts for themselves.
    let who = admin.get("/_matrix/client/v3/account/whoami").await?;
    let own = desk("check", who["user_id"].as_str().context("a user")?, base_url, &admin)?;
    let own = own.args(["--as-user", "--consent", "mine"]).run().await?;
    ensure_two_sentences(&own, 2, "This is your own account")
}
