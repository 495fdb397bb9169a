//! A QR code on the terminal.

use anstyle::{AnsiColor, Style};
use qrcode::{QrCode, render::unicode::Dense1x2};

/// Draws `bytes` as a QR code, two modules in each character; nothing when they are too many.
///
/// Black on white whatever the terminal's own colours are: many cameras do not read a code that is inverted.
pub(crate) fn picture(bytes: &[u8]) -> Option<String> {
    let code = QrCode::new(bytes).ok()?;
    let style = Style::new()
        .fg_color(Some(AnsiColor::Black.into()))
        .bg_color(Some(AnsiColor::BrightWhite.into()));
    let drawn = code.render::<Dense1x2>().build();
    let lines = drawn.lines().map(|line| format!("{style}{line}{style:#}\n"));
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_black_on_white_with_a_quiet_margin() {
        let drawn = picture(b"MATRIX\x02").unwrap();
        assert!(
            drawn
                .lines()
                .all(|it| it.starts_with("\u{1b}[30m\u{1b}[107m") && it.ends_with("\u{1b}[0m"))
        );
        // Version 1 has 21 modules, the margin 4 on each side.
        let widths: Vec<_> = drawn
            .lines()
            .map(|it| it.chars().filter(|it| " █▀▄".contains(*it)).count())
            .collect();
        assert!(widths.iter().all(|it| *it == 29), "{widths:?}");
        assert_eq!(widths.len(), 15);
        assert_eq!(picture(&[0; 4000]), None);
    }
}
