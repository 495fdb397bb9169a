//! How long files may be.

use super::{Finding, Source};

/// The lines of the longest file; more is too much for one head.
const LONGEST: usize = 800;

/// The lines that nine of ten files stay below.
const NINE_OF_TEN: usize = 450;

/// The lines that half of the files stay below.
const HALF: usize = 200;

/// Checks all Rust files together.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let rust = sources.iter().filter(|source| source.is_rust());
    let mut lengths: Vec<(usize, &Source)> = rust.map(|source| (source.text.lines().count(), source)).collect();
    lengths.sort_by_key(|(lines, source)| (*lines, &source.path));
    let mut findings = Vec::new();
    for (lines, source) in &lengths {
        if *lines > LONGEST {
            let sentence = format!("{lines} lines, and no file may have more than {LONGEST}: split it by concept");
            findings.push(source.finding(*lines, "length", sentence));
        }
    }
    for (percent, limit) in [(50, HALF), (90, NINE_OF_TEN)] {
        // The smallest length that at least this share of the files does not exceed.
        let rank = (lengths.len() * percent).div_ceil(100);
        if let Some((lines, source)) = rank.checked_sub(1).and_then(|index| lengths.get(index))
            && *lines > limit
        {
            let sentence =
                format!("{percent} of 100 files may have at most {limit} lines; this one, at that rank, has {lines}");
            findings.push(source.finding(*lines, "length", sentence));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lengths: &[usize]) -> usize {
        let file = |(number, lines): (usize, &usize)| Source::new(&format!("{number}.rs"), &"x\n".repeat(*lines));
        check(&lengths.iter().enumerate().map(file).collect::<Vec<_>>()).len()
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        assert_eq!(found(&[200, 200, 200, 200, 200, 450, 450, 450, 450, 800]), 0);
        assert_eq!(found(&[]), 0);
    }

    #[test]
    fn one_line_more_is_found() {
        assert_eq!(found(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 801]), 1);
        assert_eq!(found(&[1, 1, 1, 1, 1, 1, 1, 1, 451, 451]), 1);
        assert_eq!(found(&[1, 201, 201]), 1);
    }

    #[test]
    fn other_files_do_not_count() {
        assert!(check(&[Source::new("long.md", &"x\n".repeat(2000))]).is_empty());
    }
}
