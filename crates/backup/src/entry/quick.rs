//! Reads JSON in the form in which nearly every client writes it.

use crate::plain::plain;

/// Reads compact JSON without spaces and escapes, and gives up at anything else.
///
/// What it reads is JSON and means the same to every reader; what it gives up on is for `serde_json` to judge, which
/// takes three times as long for an object of few fields.
pub(super) struct Quick<'a>(&'a str);

impl<'a> Quick<'a> {
    /// Reads one object, and nothing after it. `field` reads the value for each key.
    pub(super) fn read(json: &'a str, field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        let mut quick = Self(json);
        quick.object(field)?;
        quick.0.is_empty().then_some(())
    }

    /// Reads an object with at least one field.
    pub(super) fn object(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.eat("{")?;
        loop {
            let key = self.text()?;
            self.eat(":")?;
            field(self, key)?;
            if self.eat(",").is_none() {
                return self.eat("}");
            }
        }
    }

    /// Reads a text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.eat("\"")?;
        let (text, rest) = self.0.split_at_checked(plain(self.0.as_bytes()))?;
        self.0 = rest;
        self.eat("\"")?;
        Some(text)
    }

    /// Reads a whole number.
    pub(super) fn number(&mut self) -> Option<u64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        if digits > 1 && number.starts_with('0') {
            return None;
        }
        number.parse().ok()
    }

    /// Reads `true` or `false`.
    pub(super) fn boolean(&mut self) -> Option<bool> {
        self.eat("true")
            .map(|()| true)
            .or_else(|| self.eat("false").map(|()| false))
    }

    /// Reads exactly this.
    pub(super) fn eat(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }
}

/// Keeps the value of a field that must not come twice.
pub(super) fn once<T>(field: &mut Option<T>, value: Option<T>) -> Option<()> {
    if field.is_some() {
        return None;
    }
    *field = Some(value?);
    Some(())
}
