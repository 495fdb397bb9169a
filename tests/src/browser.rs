//! Signs in as a person with a browser does: follows every redirect, keeps cookies, fills forms in, confirms.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use matrix_sdk::reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header};

use crate::oauth;

/// More pages than any sign-in has.
const MOST_PAGES: usize = 20;

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

/// A browser with an empty memory, and a person who knows what to type into which field.
#[derive(Debug)]
pub struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
    answers: BTreeMap<String, String>,
}

/// Opens the address, signs in as `name` where a form asks for one, follows the link with which the homeserver lets the
/// person confirm that they meant to sign in here, and returns the page at the end.
pub async fn sign_in(address: &str, name: &str) -> Result<Page> {
    Browser::new([("username", name)])?.open(address).await
}

impl Browser {
    /// Starts one. `answers`: what is typed into the fields with these names, and which button of this name is pressed.
    pub fn new<'a>(answers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(Self {
            http: oauth::client()?,
            cookies: BTreeMap::new(),
            answers: answers.into_iter().map(owned).collect(),
        })
    }

    /// Opens the address, walks through every page that asks for something it can answer, and returns the last one.
    pub async fn open(&mut self, address: &str) -> Result<Page> {
        let mut answer = self.send(self.http.get(address)).await?;
        for _ in 0..MOST_PAGES {
            let address = answer.url().clone();
            if let Some(next) = redirect_of(&answer)? {
                let called_back = next.query_pairs().any(|(name, _)| name == "code");
                answer = match self.send(self.http.get(next.clone())).await {
                    // Whoever is called back may be gone before it has said good-bye.
                    Err(error) if called_back && error.is::<matrix_sdk::reqwest::Error>() => {
                        let (status, text) = (answer.status(), String::new());
                        let address = next;
                        return Ok(Page { status, address, text });
                    }
                    sent => sent?,
                };
                continue;
            }
            let status = answer.status();
            let text = answer.text().await?;
            answer = if let Some((action, fields)) = self.filled(&address, &text)? {
                let request = self
                    .http
                    .post(action)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                self.send(request.body(fields)).await?
            } else if let Some(link) = confirmation(&text) {
                self.send(self.http.get(link)).await?
            } else {
                return Ok(Page { status, address, text });
            };
        }
        bail!("more than {MOST_PAGES} pages, and no end")
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Response> {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = request.header(header::COOKIE, cookies.join("; ")).send().await?;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }

    /// Fills the first form of a page in; `None` when there is none, or it asks for something unknown.
    fn filled(&self, address: &Url, text: &str) -> Result<Option<(Url, String)>> {
        let Some(form) = text.split("<form").nth(1).and_then(|it| it.split("</form>").next()) else {
            return Ok(None);
        };
        let (opening, inside) = form.split_once('>').context("a form without an end")?;
        let action = match attribute(opening, "action") {
            Some(action) => address.join(action)?,
            None => address.clone(),
        };
        let mut filled = action.clone();
        filled.set_query(None);
        for input in inside.split("<input").skip(1) {
            let input = input.split('>').next().unwrap_or_default();
            let Some(name) = attribute(input, "name") else { continue };
            let Some(value) = self.answers.get(name).map(String::as_str).or(attribute(input, "value")) else {
                return Ok(None);
            };
            filled.query_pairs_mut().append_pair(name, value);
        }
        let buttons = inside.split("<button").skip(1);
        if let Some(name) = buttons.filter_map(|it| attribute(it.split('>').next()?, "name")).next() {
            let Some(value) = self.answers.get(name) else {
                return Ok(None);
            };
            filled.query_pairs_mut().append_pair(name, value);
        }
        Ok(Some((action, filled.query().unwrap_or_default().to_owned())))
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!("{name}=\""))?.1.split('"').next()
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
