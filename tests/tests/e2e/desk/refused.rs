//! Bad input: two sentences each, and nothing is changed or created.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    api::segment,
    lifeboat::{Lifeboat, Outcome},
    proxy::{Fault, Proxy, Reply},
};

use super::desk;
use crate::reset::healthy;

pub(super) fn ensure_refused(outcome: &Outcome, code: i32, words: &str) -> Result<()> {
    ensure!(
        outcome.code()? == code && outcome.says(words),
        "not “{words}”: {outcome}"
    );
    outcome.ensure_two_sentences()
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
        ensure_refused(
            &run(user, None, base_url).await?,
            2,
            "no access token of an administrator",
        )?;
        ensure_refused(&run(user, own, base_url).await?, 1, "is no administrator of the server")?;
        ensure_refused(&run(user, Some("nonsense"), base_url).await?, 1, "access token")?;
        if command != "audit" {
            ensure_refused(&run(&nobody, token, base_url).await?, 1, "no such account")?;
            let elsewhere = run("@mira:elsewhere.example", token, base_url).await?;
            ensure_refused(&elsewhere, 1, "and not to elsewhere.example")?;
        }
        // A server of another kind, or one that hides the API.
        let proxy = Proxy::start(base_url).await?;
        proxy.intercept(|it| {
            let hidden = it.path.starts_with("/_synapse/");
            hidden.then(|| Fault::Answer(Reply::error(404, "M_UNRECOGNIZED", "Unrecognized request")))
        });
        let hidden = run(user, token, &proxy.base_url()).await?;
        ensure_refused(&hidden, 1, "does not have Synapse’s Admin API")?;
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
    ensure_refused(&own, 2, "This is your own account")
}
