//! The page, opened from disk in a real Chromium.

mod desk;
mod documents;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use lifeboat_report::StatusFile;
use lifeboat_tests::{
    account::{AccountSpec, Defect, Way},
    chromium::{Chromium, Look, Scheme, Tab, axe, keep_picture},
    lifeboat::Lifeboat,
};
use serde_json::Value;

/// A telephone and a desk, by day and by night. axe looks at one of each: the schemes differ in colours, the widths in
/// their layout, and it takes its time.
const LOOKS: [(&str, Look); 4] = [
    ("phone-light", look(360, Scheme::Light)),
    ("phone-dark", look(360, Scheme::Dark)),
    ("desk-light", look(1200, Scheme::Light)),
    ("desk-dark", look(1200, Scheme::Dark)),
];

const fn look(width: u32, scheme: Scheme) -> Look {
    Look { width, scheme }
}

/// Renders status files with the program, as a person does.
async fn page_of(folder: &Path, files: &[&StatusFile]) -> Result<PathBuf> {
    let page = folder.join("page.html");
    let mut arguments = vec!["report".to_owned()];
    for (number, file) in files.iter().enumerate() {
        arguments.push(documents::write(folder, &format!("{number}.json"), file)?);
    }
    arguments.extend(["--html".to_owned(), page.display().to_string()]);
    let outcome = Lifeboat::new(arguments)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    Ok(page)
}

/// Nothing is asked for but the page itself, and the browser has nothing to say about it.
fn is_quiet(tab: &Tab<'_>, page: &Path) -> Result<()> {
    let asked = tab.requests();
    let itself = format!("file://{}", page.canonicalize()?.display());
    ensure!(asked == [itself], "asked for {asked:#?}");
    let complaints = tab.complaints();
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

/// axe-core finds nothing that keeps somebody out.
fn is_accessible(tab: &mut Tab<'_>) -> Result<()> {
    tab.evaluate(&format!("{};void 0", axe()?))?;
    let found = tab.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(it => ({passed: it.passes.length, violated: \
         it.violations.map(it => it.id + ': ' + it.help + '\\n' + it.nodes.map(it => it.html.slice(0, 300)).join('\\n'))}))",
    )?;
    ensure!(found["violated"].as_array().is_some_and(Vec::is_empty), "{found:#}");
    ensure!(
        found["passed"].as_u64() > Some(15),
        "axe looked at few rules only: {found}"
    );
    Ok(())
}

/// Nothing sticks out: there is nothing to scroll to the side for.
fn fits(tab: &mut Tab<'_>) -> Result<()> {
    let widths = tab.evaluate(
        "[document.documentElement.scrollWidth, window.innerWidth, \
         ...[...document.body.querySelectorAll('*')].filter(it => !it.closest('thead, caption')) \
         .map(it => it.getBoundingClientRect()).map(it => Math.round(it.right))]",
    )?;
    let widths: Vec<i64> = widths
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    let [content, window, rest @ ..] = widths.as_slice() else {
        anyhow::bail!("no widths")
    };
    let farthest = rest.iter().max().context("an empty page")?;
    ensure!(
        content <= window && farthest <= window,
        "{content} and {farthest} in {window}"
    );
    Ok(())
}

/// Looks from every window and keeps the pictures.
fn looks_good(tab: &mut Tab<'_>, name: &str) -> Result<()> {
    let mut grounds = Vec::new();
    for (window, look) in LOOKS {
        tab.look(look)?;
        fits(tab).with_context(|| format!("{name}, {window}"))?;
        if ["phone-light", "desk-dark"].contains(&window) {
            is_accessible(tab).with_context(|| format!("{name}, {window}"))?;
        }
        keep_picture(&format!("{name}-{window}.png"), &tab.picture()?)?;
        grounds.push(tab.evaluate("getComputedStyle(document.body).backgroundColor")?);
    }
    ensure!(
        grounds[0] != grounds[1] && grounds[0] == grounds[2] && grounds[1] == grounds[3],
        "light and dark: {grounds:?}"
    );
    Ok(())
}

/// Prints it and returns how many sheets of A4 it takes.
fn sheets(tab: &mut Tab<'_>, name: &str) -> Result<usize> {
    let printed = tab.print()?;
    keep_picture(&format!("{name}.pdf"), &printed)?;
    let text = String::from_utf8_lossy(&printed);
    // 210 × 297 mm in points of 1/72 inch, as Chromium rounds them.
    let a4 = text.matches("/MediaBox [0 0 594.95996 841.91998]").count();
    let pages = text.matches("/Type /Page").count() - text.matches("/Type /Pages").count();
    ensure!(a4 == pages, "{a4} of {pages} pages are A4");
    Ok(pages)
}

#[tokio::test]
async fn the_page_of_a_check_is_one_private_file_that_asks_for_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::PassphraseOfRounds(1000))
        .with(Defect::RoomNotBackedUp)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let folder = tempfile::tempdir()?;
    let page = folder.path().join("check.html");
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        &account.homeserver.base_url,
    ];
    let check = || -> Result<Lifeboat> {
        let key = account.recovery.text().context("no passphrase")?;
        Lifeboat::new(arguments)?
            .arg("--html")
            .arg(&page)
            .secret("--password-file", &account.password)?
            .secret("--recovery-key-file", key)
    };
    let outcome = check()?.run().await?;
    ensure!(
        outcome.code()? == 10 && outcome.stderr.contains("check.html"),
        "{outcome}"
    );
    ensure!(page.metadata()?.permissions().mode() & 0o777 == 0o600, "not private");
    ensure!(std::fs::read_dir(folder.path())?.count() == 1, "more than one file");

    let mut chromium = Chromium::start()?;
    let mut tab = chromium.open(&page)?;
    is_quiet(&tab, &page)?;
    looks_good(&mut tab, "check")?;
    // What the screen says, the page says: the same verdicts, steps, findings and codes.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let screen = flat(&outcome.stdout);
    for (what, least) in [
        (".whose", 1),
        (".verdicts .card", 2),
        (".steps > li > p:first-child", 1),
        (".findings .sentence", 2),
        (".findings .code a", 2),
        (".path", 1),
    ] {
        let texts = tab.evaluate(&format!(
            "[...document.querySelectorAll({what:?})].map(it => it.innerText)"
        ))?;
        let texts: Vec<&str> = texts
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        ensure!(texts.len() >= least, "{what}: {texts:?}");
        for text in texts {
            ensure!(screen.contains(&flat(text)), "the screen lacks “{text}”:\n{screen}");
        }
    }
    let sessions = tab.evaluate("document.querySelector('#sessions').parentElement.innerText")?;
    for session in &account.sessions {
        ensure!(
            sessions
                .as_str()
                .is_some_and(|it| it.contains(session.device_id().as_str())),
            "{sessions}"
        );
    }
    ensure!(
        tab.evaluate("document.querySelectorAll('.lost .bar').length")? == 1,
        "a bar for the room that loses messages"
    );

    let again = check()?.run().await?;
    ensure!(again.code()? == 2, "a page is never replaced: {again}");
    Ok(())
}

#[tokio::test]
async fn an_ordinary_account_is_readable_everywhere_and_fits_on_two_sheets() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let page = page_of(folder.path(), &[&documents::ordinary()]).await?;
    let mut chromium = Chromium::start()?;
    let mut tab = chromium.open(&page)?;
    is_quiet(&tab, &page)?;
    looks_good(&mut tab, "ordinary")?;
    let sheets = sheets(&mut tab, "ordinary")?;
    ensure!(sheets <= 2, "{sheets} sheets");
    let count = |tab: &mut Tab<'_>, what: &str| tab.evaluate(&format!("document.querySelectorAll({what:?}).length"));
    ensure!(count(&mut tab, ".plot g")? == 48, "a bar for each month");
    ensure!(count(&mut tab, ".plot g .risk")? == 5, "five of which lose messages");
    ensure!(count(&mut tab, ".chain > .bad")? == 1, "one link is broken");
    ensure!(count(&mut tab, "main, header, footer")? == 3, "landmarks");
    ensure!(
        count(&mut tab, ".findings .code a[href^='#code-']")? == count(&mut tab, ".codes > div")?,
        "each code is explained"
    );
    let lost = tab.evaluate(
        "[...document.querySelectorAll('a')].map(it => it.getAttribute('href')) \
         .filter(it => !document.getElementById(it.slice(1)))",
    )?;
    ensure!(lost == serde_json::json!([]), "links that lead nowhere: {lost}");
    ensure!(count(&mut tab, "h1")? == 1, "one heading for all");
    ensure!(
        count(&mut tab, "svg:not([aria-hidden]):not([role=img][aria-label])")? == 0,
        "each picture says what it shows, or stands beside words that do"
    );
    Ok(())
}

#[tokio::test]
async fn before_and_after_stand_side_by_side() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (before, after) = (documents::ordinary(), documents::ordinary_later());
    let page = page_of(folder.path(), &[&before, &after]).await?;
    let mut chromium = Chromium::start()?;
    let mut tab = chromium.open(&page)?;
    is_quiet(&tab, &page)?;
    looks_good(&mut tab, "pair")?;
    let sides = "[...document.querySelectorAll('.side')].map(it => it.getBoundingClientRect().top)";
    tab.look(look(1200, Scheme::Light))?;
    let tops = tab.evaluate(sides)?;
    ensure!(
        tops[0] == tops[1] && tops[0].is_number(),
        "side by side at a desk: {tops}"
    );
    tab.look(look(360, Scheme::Light))?;
    let tops = tab.evaluate(sides)?;
    ensure!(tops[0] != tops[1], "below each other on a telephone: {tops}");
    Ok(())
}

#[tokio::test]
async fn hostile_names_stay_text() -> Result<()> {
    let evil = [
        "W".repeat(10_000),
        "word ".repeat(2_000),
        "</td></style></title><script>document.title='owned'</script>".to_owned(),
        "<img src=https://example.org/x onerror=alert(1)><svg/onload=alert(1)>".to_owned(),
        "<a href=\"javascript:alert(1)\">'\"&lt;&amp;".to_owned(),
        "\u{202e}gpj.exe\u{2066}\u{0}\u{1b}[2J\u{9b}31m\r\n\u{2028}\u{200f}".to_owned(),
        format!("z{}", "\u{301}".repeat(10_000)),
    ];
    let folder = tempfile::tempdir()?;
    let page = page_of(folder.path(), &[&documents::hostile(&evil)]).await?;
    let mut chromium = Chromium::start()?;
    let mut tab = chromium.open(&page)?;
    is_quiet(&tab, &page)?;
    let foreign = tab.evaluate(
        "document.querySelectorAll('script, img, iframe, object, embed, link, base, form, input, [onload], [onerror], \
         [style], a:not([href^=\"#\"])').length",
    )?;
    ensure!(foreign == 0, "{foreign} elements that are not the page's own");
    ensure!(is_titled_as_ever(&mut tab)?, "somebody changed the title");
    let text = tab.evaluate("document.documentElement.textContent")?;
    let text = text.as_str().context("no text")?;
    let steers = |it: char| {
        it.is_control() && it != '\n' || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200f}')
    };
    ensure!(!text.contains(steers), "steering characters");
    ensure!(text.contains("<script>") && text.contains("<img"), "it stays as text");
    looks_good(&mut tab, "hostile")?;
    tab.look(look(1200, Scheme::Light))?;
    let height = tab.evaluate("document.documentElement.scrollHeight")?;
    ensure!(height.as_u64() < Some(9_000), "{height} pixels high");
    Ok(())
}

fn is_titled_as_ever(tab: &mut Tab<'_>) -> Result<bool> {
    let title = tab.evaluate("document.title")?;
    Ok(title.as_str().is_some_and(|it| it.starts_with("Lifeboat: ")))
}

#[tokio::test]
async fn the_policy_lets_nothing_run_and_nothing_out() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let page = page_of(folder.path(), &[&documents::ordinary()]).await?;
    // Somebody's markup that the template engine would have to have let through.
    let smuggled = "<script>document.title='owned'</script><style>body{display:none}</style>\
                    <img src='https://example.org/x'><body onload=\"document.title='owned'\"></main>";
    let spoiled = folder.path().join("spoiled.html");
    std::fs::write(
        &spoiled,
        std::fs::read_to_string(&page)?.replacen("</main>", smuggled, 1),
    )?;
    let mut chromium = Chromium::start()?;
    let mut tab = chromium.open(&spoiled)?;
    ensure!(is_titled_as_ever(&mut tab)?, "somebody changed the title");
    ensure!(tab.evaluate("getComputedStyle(document.body).display")? == "block");
    let blocked = tab.complaints();
    ensure!(blocked.len() >= 3, "the browser says what it refused: {blocked:#?}");
    ensure!(
        blocked
            .iter()
            .all(|it| it.contains("ContentSecurityPolicy") || it.contains("Content Security Policy"))
    );
    Ok(())
}
