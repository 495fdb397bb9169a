//! Signs in as a person with a browser does: follows every redirect, fills the form in, confirms.

use anyhow::{Context, Result, bail};
use matrix_sdk::reqwest::{Client, Response, StatusCode, Url, header, redirect};

/// More pages than any sign-in has.
const MOST_PAGES: usize = 10;

/// What the last page said.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its HTTP status.
    pub status: StatusCode,
    /// Where it is.
    pub address: Url,
    /// Its text.
    pub text: String,
}

/// Opens the address, signs in as `name` where a form asks for one, follows the link with which the homeserver lets the
/// person confirm that they meant to sign in here, and returns the page at the end.
pub async fn sign_in(address: &str, name: &str) -> Result<Page> {
    let http = Client::builder().redirect(redirect::Policy::none()).build()?;
    let mut answer = http.get(address).send().await?;
    for _ in 0..MOST_PAGES {
        let address = answer.url().clone();
        if let Some(next) = redirect_of(&answer)? {
            answer = http.get(next).send().await?;
            continue;
        }
        let status = answer.status();
        let text = answer.text().await?;
        answer = if text.contains("<input name=\"username\">") {
            let request = http
                .post(address)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            request.body(format!("username={name}")).send().await?
        } else if let Some(link) = confirmation(&text) {
            http.get(link).send().await?
        } else {
            return Ok(Page { status, address, text });
        };
    }
    bail!("more than {MOST_PAGES} pages, and no end")
}

fn redirect_of(answer: &Response) -> Result<Option<Url>> {
    if !answer.status().is_redirection() {
        return Ok(None);
    }
    let place = answer
        .headers()
        .get(header::LOCATION)
        .context("a redirect to nowhere")?;
    Ok(Some(answer.url().join(place.to_str()?)?))
}

/// The link on Synapse's page "Continue to your account" that takes the sign-in token along.
fn confirmation(text: &str) -> Option<String> {
    let links = text.split("href=\"").skip(1).filter_map(|it| it.split('"').next());
    let mut links = links.filter(|it| it.contains("loginToken="));
    links.next().map(|it| it.replace("&amp;", "&"))
}
