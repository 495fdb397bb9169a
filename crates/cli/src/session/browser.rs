//! Shows a person where to sign in, and opens the browser where there is one.

use std::{
    env,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use lifeboat_preflight::{BrowserHere, Shown};

use crate::{
    resolve::Browser,
    ui::{clean::clean, code, signs},
};

/// Tells whether a browser on this machine can be expected to open before the person's eyes.
pub(crate) fn here() -> BrowserHere {
    let set = |name: &str| env::var_os(name).is_some_and(|it| !it.is_empty());
    let far = set("SSH_CONNECTION") || set("SSH_TTY");
    let screen = cfg!(not(all(unix, not(target_os = "macos")))) || set("DISPLAY") || set("WAYLAND_DISPLAY");
    if screen && !far {
        BrowserHere::Likely
    } else {
        BrowserHere::Unlikely
    }
}

/// Shows the address, with the code where there is one, and opens it unless that is not wanted or would be of no use.
pub(crate) fn show(shown: Shown<'_>, browser: Browser) {
    let mut text = words(shown);
    if let Shown::Code { address, complete, .. } = shown
        && io::stderr().is_terminal()
        && signs::are_all_shown()
        && let Some(picture) = code::picture(complete.unwrap_or(address).as_bytes())
    {
        text.push('\n');
        text.push_str(&picture);
    }
    // Without stderr the person cannot read the address, and the waiting ends by itself.
    let _ = io::stderr().write_all(text.as_bytes());
    let address = match shown {
        Shown::Address(address) | Shown::Page(address) => address,
        Shown::Code { address, complete, .. } => complete.unwrap_or(address),
    };
    let speaks_http = address.starts_with("https://") || address.starts_with("http://");
    if browser == Browser::Open && speaks_http && here() == BrowserHere::Likely {
        // The address is on the screen as well.
        let _ = open::that_detached(address);
    }
}

fn words(shown: Shown<'_>) -> String {
    let clean = |text: &str| clean(text, usize::MAX);
    match shown {
        Shown::Address(address) => format!(
            "Open this address in a browser on this machine, and sign in there within ten minutes:\n\n  {}\n\n\
             If this machine has no browser, lead the port of its redirect address here with `ssh -L` first.\n",
            clean(address)
        ),
        Shown::Page(address) => format!("\n  {}\n\n", clean(address)),
        Shown::Code {
            address,
            complete,
            code,
            good_for,
        } => {
            let whole = complete.map_or_else(String::new, |it| {
                format!("\nor open this address at once:\n\n  {}\n", clean(it))
            });
            format!(
                "Open this address in any browser, on a phone for example:\n\n  {}\n\n\
                 and type this code there within {}:\n\n  {}\n{whole}\n\
                 Lifeboat waits. Nobody but you should type this code.\n",
                clean(address),
                in_minutes(good_for),
                clean(code),
            )
        }
    }
}

fn in_minutes(time: Duration) -> String {
    match time.as_secs() {
        0..=90 => format!("{} seconds", time.as_secs()),
        seconds => format!("{} minutes", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_address_code_and_time() {
        let address = words(Shown::Address("https://account.example.org/authorize?x=1"));
        assert!(
            address.contains("\n  https://account.example.org/authorize?x=1\n"),
            "{address}"
        );
        let code = |complete, good_for| {
            words(Shown::Code {
                address: "https://account.example.org/link\u{1b}[2J",
                complete,
                code: "AB12-CD34",
                good_for,
            })
        };
        let whole = code(
            Some("https://account.example.org/link?code=AB12-CD34"),
            Duration::from_secs(1200),
        );
        for part in [
            "\n  AB12-CD34\n",
            "within 20 minutes",
            "\n  https://account.example.org/link?code=AB12-CD34\n",
        ] {
            assert!(whole.contains(part), "{whole}");
        }
        let short = code(None, Duration::from_secs(60));
        assert!(
            short.contains("within 60 seconds") && !short.contains("at once"),
            "{short}"
        );
        assert!(!short.contains('\u{1b}'), "{short}");
    }
}
