//! Links in the pages of the book as it was built.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// What leads somewhere in a page.
struct Page {
    links: Vec<String>,
    ids: BTreeSet<String>,
}

/// The page that mdBook shows for an address that does not exist: it is made for a folder that nobody knows.
const NOT_FOUND: &str = "404.html";

/// Returns every link to a file that is not there, or to a place in a page that is not there, as `page: link`.
pub(super) fn dead(book: &Path) -> Result<Vec<String>> {
    let mut files = BTreeSet::new();
    collect(book, Path::new(""), &mut files)?;
    let mut pages = BTreeMap::new();
    for file in files.iter().filter(|it| it.extension().is_some_and(|it| it == "html")) {
        pages.insert(file.clone(), Page::read(&fs::read_to_string(book.join(file))?));
    }
    let mut dead = Vec::new();
    for (name, page) in pages.iter().filter(|(name, _)| *name != Path::new(NOT_FOUND)) {
        for link in page.links.iter().filter(|it| !leads(it, name, &files, &pages)) {
            dead.push(format!("{}: {link}", name.display()));
        }
    }
    Ok(dead)
}

fn collect(book: &Path, folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(book.join(folder))? {
        let entry = entry?;
        let name = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(book, &name, files)?;
        } else {
            files.insert(name);
        }
    }
    Ok(())
}

fn leads(link: &str, page: &Path, files: &BTreeSet<PathBuf>, pages: &BTreeMap<PathBuf, Page>) -> bool {
    let (file, place) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        page.to_owned()
    } else {
        resolve(page, file)
    };
    let found = files.contains(&target);
    found && (place.is_empty() || pages.get(&target).is_some_and(|it| it.ids.contains(place)))
}

fn resolve(page: &Path, file: &str) -> PathBuf {
    let mut target = page.parent().map(Path::to_owned).unwrap_or_default();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(target.pop()),
            part => target.push(part),
        }
    }
    target
}

impl Page {
    fn read(html: &str) -> Self {
        let links = ["href", "src"].into_iter().flat_map(|it| attributes(html, it));
        // Whether other people's pages are there is not for a build to find out.
        let inside = links.filter(|it| !it.contains(':') && !it.starts_with("//"));
        Self {
            links: inside.collect(),
            ids: attributes(html, "id").collect(),
        }
    }
}

/// The values of all attributes with this name. mdBook escapes quotes, and writes these attributes with double ones.
fn attributes<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let values = html.split('<').skip(1).filter_map(|it| it.split('>').next());
    values.filter_map(move |tag| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next()?.replace("&amp;", "&"))
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn found(pages: &[(&str, &str)]) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        for (name, html) in pages {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, html).unwrap();
        }
        dead(folder.path()).unwrap()
    }

    #[test]
    fn links_to_missing_pages_and_places_are_found() {
        let html = r##"<a href="b.html">1</a> <a class="x" href="b.html#there">2</a> <a href="#here">3</a> <img src="c.png">"##;
        let pages = [("a.html", html), ("b.html", r#"<h1 id="here">"#)];
        assert_eq!(
            found(&pages),
            ["a.html: b.html#there", "a.html: #here", "a.html: c.png"]
        );
    }

    #[test]
    fn links_that_lead_somewhere_and_other_peoples_are_not() {
        let html =
            r##"<a href="../b.html#here">1</a> <a href="https://example.org/x">2</a> <a href="mailto:a@b">3</a>"##;
        assert_eq!(found(&[("sub/a.html", html), ("b.html", r#"<h1 id="here">"#)]), [""; 0]);
        assert_eq!(found(&[("404.html", r#"<a href="/">"#)]), [""; 0]);
    }
}
