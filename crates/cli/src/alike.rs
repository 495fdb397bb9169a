//! What was probably meant by a word that nobody knows.

use crate::state;

/// How much alike two words must be, from 0 to 1.
const ALIKE: f64 = 0.8;
/// The server that most people are on.
const LARGEST: &str = "matrix.org";

/// Returns the one of `known` that is most like `typed`, if any is much like it.
pub(crate) fn most_alike<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |it: &'a str| (strsim::jaro_winkler(&typed.to_lowercase(), it), it);
    let all = known
        .into_iter()
        .map(likeness)
        .filter(|(likeness, _)| *likeness >= ALIKE);
    let best = all.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, it)| it)
}

/// Returns the server that was probably meant by `host`: one of the accounts that Lifeboat has seen here, or the largest.
pub(crate) fn server(host: &str) -> Option<String> {
    let seen = state::folder().and_then(|it| std::fs::read_dir(it).ok());
    let names: Vec<String> = seen
        .into_iter()
        .flatten()
        .filter_map(|it| it.ok()?.file_name().into_string().ok())
        .collect();
    let seen = names.iter().filter_map(|it| it.strip_prefix('@')?.split_once("%3A"));
    let mut servers = seen.map(|(_, server)| server).chain([LARGEST]);
    servers.find(|it| is_slip_of(host, it)).map(str::to_owned)
}

/// Tells whether two different names differ by two slips of the fingers at most: names of servers often have much in common.
fn is_slip_of(typed: &str, name: &str) -> bool {
    (1..=2).contains(&strsim::damerau_levenshtein(&typed.to_lowercase(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let known = ["proxy", "ca-file", "quiet"];
        for (typed, meant) in [
            ("proxi", Some("proxy")),
            ("quite", Some("quiet")),
            ("CA-File", Some("ca-file")),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(most_alike(typed, known), meant, "{typed}");
        }
    }

    #[test]
    fn another_server_is_no_slip() {
        for typed in ["matrix.ogr", "matrix.rog", "matrix.orgg", "Matrx.org"] {
            assert!(is_slip_of(typed, "matrix.org"), "{typed}");
        }
        for typed in ["matrix.org", "matrix.example.org", "kde.org", "matrix.com"] {
            assert!(!is_slip_of(typed, "matrix.org"), "{typed}");
        }
    }
}
