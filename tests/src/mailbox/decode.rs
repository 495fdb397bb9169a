//! As much of MIME and HTML as Synapse's mails and pages use.

use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::api::segment;

/// The values of a header, unfolded, in the order of the message.
pub(super) fn header_values<'a>(message: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let head = split(message)
        .0
        .replace("\r\n", "\n")
        .replace("\n ", " ")
        .replace("\n\t", " ");
    let lines: Vec<String> = head.lines().map(str::to_owned).collect();
    lines.into_iter().filter_map(move |line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// All text of a message or of a part of one, decoded.
pub(super) fn text(message: &str) -> Result<String> {
    let kind = header_values(message, "Content-Type")
        .next()
        .unwrap_or_else(|| "text/plain".to_owned());
    let body = split(message).1;
    if kind.to_ascii_lowercase().starts_with("multipart/") {
        let boundary = kind
            .split("boundary=")
            .nth(1)
            .context("a multipart mail without a boundary")?;
        let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches('"');
        let delimiter = format!("--{boundary}");
        let parts: Result<Vec<String>> = body
            .split(&delimiter)
            .skip(1)
            .take_while(|part| !part.starts_with("--"))
            .map(|part| text(part.trim_start_matches(['\r', '\n'])))
            .collect();
        return Ok(parts?.join("\n"));
    }
    let encoding = header_values(message, "Content-Transfer-Encoding")
        .next()
        .unwrap_or_default();
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            Ok(String::from_utf8(BASE64_STANDARD.decode(packed)?)?)
        }
        "" | "7bit" | "8bit" => Ok(body.to_owned()),
        other => anyhow::bail!("a mail encoded as {other}"),
    }
}

/// The hidden fields of the form on a page, as the body of its request.
pub(super) fn form(page: &str) -> Result<String> {
    let start = page.find("<form").context("the page has no form")?;
    let form = &page[start..page.find("</form>").context("the form has no end")?];
    ensure!(!form.contains("action="), "the form is sent somewhere else");
    let fields: Result<Vec<String>> = form
        .split("<input")
        .skip(1)
        .map(|input| {
            let input = input.split('>').next().unwrap_or_default();
            Ok(format!(
                "{}={}",
                segment(attribute(input, "name")?),
                segment(attribute(input, "value")?)
            ))
        })
        .collect();
    Ok(fields?.join("&"))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Result<&'a str> {
    let (_, rest) = tag
        .split_once(&format!("{name}=\""))
        .with_context(|| format!("a field without {name}"))?;
    Ok(rest.split('"').next().unwrap_or_default())
}

fn split(message: &str) -> (&str, &str) {
    message
        .split_once("\r\n\r\n")
        .or_else(|| message.split_once("\n\n"))
        .unwrap_or((message, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "X-Envelope-To: a@b\r\nContent-Type: multipart/alternative;\r\n boundary=\"=x\"\r\n\r\n\
        --=x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n\
        --=x\r\nContent-Type: text/html\r\n\r\n<b>there</b>\r\n--=x--\r\n";

    #[test]
    fn a_multipart_mail_is_read_part_by_part() {
        assert_eq!(text(MAIL).unwrap(), "hello\n<b>there</b>\r\n");
        assert_eq!(header_values(MAIL, "x-envelope-to").collect::<Vec<_>>(), ["a@b"]);
    }

    #[test]
    fn a_form_becomes_the_body_of_its_request() {
        let page =
            r#"<form method="post"><input type="hidden" name="sid" value="a b"><input name="t" value="1"></form>"#;
        assert_eq!(form(page).unwrap(), "sid=a%20b&t=1");
        assert!(form("<p>no form</p>").is_err());
    }
}
