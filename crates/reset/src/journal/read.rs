//! What the bytes of a journal say.

use serde::Deserialize;

use super::{FORMAT, Header};
use crate::flow::{Record, Stamped};

/// The lines of a journal.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) header: Header,
    pub(crate) records: Vec<Record>,
    /// When each of them was written.
    pub(crate) times: Vec<u64>,
    /// How many bytes they take; whatever follows was cut off.
    pub(crate) whole: usize,
}

/// Why bytes are not a journal that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A newer version of Lifeboat wrote them.
    Newer,
    /// The line of this number, from 1, cannot be understood.
    Damaged(usize),
}

/// Reads all lines that end; `None` when there is none.
pub(crate) fn lines(text: &[u8]) -> Result<Option<Lines>, Flaw> {
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = text[..whole].split(|byte| *byte == b'\n').filter(|it| !it.is_empty());
    let Some(first) = lines.next() else { return Ok(None) };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(first).map_err(|_| Flaw::Damaged(1))?;
    if format > FORMAT {
        return Err(Flaw::Newer);
    }
    let header: Header = serde_json::from_slice(first).map_err(|_| Flaw::Damaged(1))?;
    let (mut records, mut times) = (Vec::new(), Vec::new());
    for (number, line) in lines.enumerate() {
        let stamped: Stamped = serde_json::from_slice(line).map_err(|_| Flaw::Damaged(number + 2))?;
        times.push(stamped.at);
        records.push(stamped.record);
    }
    Ok(Some(Lines {
        header,
        records,
        times,
        whole,
    }))
}
