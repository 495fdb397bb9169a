//! What there is to read beside the program: the papers at the top of the project, and the pages of the book as Markdown.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::tidy;

/// The papers at the top. The first one is where somebody begins, and links to the others.
const TOP: [&str; 4] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
/// The folder of the book. Hints of the program name pages in it.
const BOOK: &str = "docs";
/// A page that such a hint names.
const NAMED: &str = "docs/routes/synapse-admin.md";
/// What its pictures are.
const PICTURES: [&str; 2] = ["png", "svg"];

/// Copies them from `root` into `folder`, each in the place where the others' links look for it.
pub(super) fn put(root: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for paper in TOP {
        fs::copy(root.join(paper), folder.join(paper)).with_context(|| paper.to_owned())?;
    }
    book(&root.join(BOOK), &folder.join(BOOK))
}

/// Makes sure that no link in them leads nowhere.
pub(super) fn check(folder: &Path) -> Result<()> {
    ensure!(folder.join(NAMED).is_file(), "{NAMED} is not there");
    let dead = tidy::dead_links(folder)?;
    ensure!(
        dead.is_empty(),
        "the papers have links that lead nowhere:\n{}",
        dead.join("\n")
    );
    Ok(())
}

fn book(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let place = to.join(path.file_name().context("a name")?);
        let kind = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if path.is_dir() {
            book(&path, &place)?;
        } else if kind == "md" {
            fs::write(place, whole(&path)?)?;
        } else if PICTURES.contains(&kind) {
            fs::copy(&path, place)?;
        }
    }
    Ok(())
}

/// A page with what mdBook would include in it: whoever reads the Markdown has no other file of the project.
fn whole(page: &Path) -> Result<String> {
    let text = fs::read_to_string(page)?;
    let mut whole = String::new();
    for line in text.lines() {
        match line.strip_prefix("{{#include ").and_then(|it| it.strip_suffix("}}")) {
            Some(file) => {
                let place = page.parent().context("a page at the top")?.join(file);
                whole.push_str(&fs::read_to_string(&place).with_context(|| place.display().to_string())?);
            }
            None if line.starts_with("{{#") => bail!("{} has what only mdBook understands: {line}", page.display()),
            None => {
                whole.push_str(line);
                whole.push('\n');
            }
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn the_papers_of_the_project_stand_for_themselves() {
        let folder = TempDir::new().unwrap();
        put(root(), folder.path()).unwrap();
        check(folder.path()).unwrap();
        // Nothing that only builds the book is there, and nothing is left for mdBook to include.
        assert!(!folder.path().join("docs/book.toml").exists());
        let library = fs::read_to_string(folder.path().join("docs/library.md")).unwrap();
        assert!(library.contains("fn main()") && !library.contains("{{#include"));
    }

    #[test]
    fn a_page_that_is_missing_is_noticed() {
        let folder = TempDir::new().unwrap();
        put(root(), folder.path()).unwrap();
        fs::remove_file(folder.path().join("docs/start.md")).unwrap();
        let told = check(folder.path()).unwrap_err().to_string();
        assert!(told.contains("README.md") && told.contains("docs/start.md"), "{told}");
        fs::remove_file(folder.path().join(NAMED)).unwrap();
        assert!(check(folder.path()).is_err());
    }

    #[test]
    fn what_nobody_can_put_in_is_refused() {
        let folder = TempDir::new().unwrap();
        let page = folder.path().join("page.md");
        for line in ["{{#include gone.rs}}", "{{#playground a.rs}}"] {
            fs::write(&page, line).unwrap();
            assert!(whole(&page).is_err(), "{line}");
        }
    }
}
