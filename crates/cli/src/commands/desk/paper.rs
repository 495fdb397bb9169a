//! What the letter to somebody is written on: two new files, and the words.

use super::letter::{Letter, Words};
use crate::{
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::LetterJob,
    ui::{console::Console, html},
};

/// The letter that is to be.
pub(super) struct Paper {
    words: Words,
    page: Reserved,
    text: Reserved,
}

impl Paper {
    /// Reads the words, and reserves both files, which must not exist. Dropped without [`Paper::write`], nothing
    /// remains.
    pub(super) fn prepare(job: &LetterJob) -> Result<Self, Failure> {
        Ok(Self {
            words: Words::read(job.template.as_deref())?,
            page: Reserved::new(job.file.with_extension("html"))?,
            text: Reserved::new(job.file.clone())?,
        })
    }

    /// Writes the letter, as text and as a page, and says where it is.
    ///
    /// # Errors
    ///
    /// The password is changed by then, and the exit status says that something is left to do.
    pub(super) fn write(self, letter: &Letter<'_>, console: &mut Console) -> Result<(), Failure> {
        let written = letter.render(&self.words);
        let text = self.text.write(written.text.as_bytes()).map_err(not_written)?;
        let page = html::letter(written.language, &written.text);
        let page = self.page.write(page.as_bytes()).map_err(not_written)?;
        console.note(&format!(
            "The letter is in {} and, as a page, in {}. It does not hold the password: hand the two over on different \
             ways.",
            text.display(),
            page.display()
        ));
        Ok(())
    }
}

/// Says of a letter that is owed for a finished reset that it is not written, and why.
pub(crate) fn not_written(failure: Failure) -> Failure {
    Failure {
        wrong: format!(
            "The password is changed, but the letter is not written: {}",
            failure.wrong
        ),
        exit: Exit::Incomplete,
        ..failure
    }
}
