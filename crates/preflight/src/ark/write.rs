//! Writes an ark, part by part.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use zstd::stream::write::Encoder;

use super::{END, MAGIC, PART, PartName, WINDOW_LOG};

/// How hard the compression tries: what the server holds is mostly base64 of ciphertext, and more effort gains nothing.
const LEVEL: i32 = 1;

/// Writes parts one after the other; without [`ArkWriter::finish`] the file is no ark.
pub(super) struct ArkWriter<W: Write> {
    out: Summed<W>,
    parts: u32,
}

impl<W: Write> ArkWriter<W> {
    pub(super) fn begin(out: W) -> io::Result<Self> {
        let sum = Context::new(&SHA256);
        let mut out = Summed { out, sum };
        out.write_all(MAGIC)?;
        Ok(Self { out, parts: 0 })
    }

    /// Begins the next part.
    pub(super) fn part(&mut self, name: &PartName) -> io::Result<PartWriter<'_, W>> {
        let name = name.to_string();
        let length = u16::try_from(name.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.out.write_all(&[PART])?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(name.as_bytes())?;
        self.parts += 1;
        let mut packed = Encoder::new(Blocks { out: &mut self.out }, LEVEL)?;
        packed.window_log(WINDOW_LOG)?;
        Ok(PartWriter {
            packed,
            digest: Context::new(&SHA256),
            length: 0,
        })
    }

    /// Writes a part that is there already.
    pub(super) fn whole_part(&mut self, name: &PartName, content: &[u8]) -> io::Result<()> {
        let mut part = self.part(name)?;
        part.write(content)?;
        part.finish()
    }

    /// Writes the end mark: from now on the file is an ark.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&[END])?;
        self.out.write_all(&self.parts.to_be_bytes())?;
        let Summed { mut out, sum } = self.out;
        out.write_all(sum.finish().as_ref())?;
        out.flush()
    }
}

/// Writes one part.
pub(super) struct PartWriter<'a, W: Write> {
    packed: Encoder<'static, Blocks<'a, W>>,
    digest: Context,
    length: u64,
}

impl<W: Write> PartWriter<'_, W> {
    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.digest.update(piece);
        self.length += piece.len() as u64;
        self.packed.write_all(piece)
    }

    /// Ends the part: length and SHA-256 of what it holds, unpacked.
    pub(super) fn finish(self) -> io::Result<()> {
        let blocks = self.packed.finish()?;
        let sum = self.digest.finish();
        let length = self.length.to_be_bytes();
        // A block without length ends the blocks.
        for piece in [&0_u32.to_be_bytes()[..], &length, sum.as_ref()] {
            blocks.out.write_all(piece)?;
        }
        Ok(())
    }
}

/// Writes whatever comes as blocks with their length in front, so that the end of a part can be found.
struct Blocks<'a, W: Write> {
    out: &'a mut Summed<W>,
}

impl<W: Write> Write for Blocks<'_, W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if !piece.is_empty() {
            let length = u32::try_from(piece.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
            self.out.write_all(&length.to_be_bytes())?;
            self.out.write_all(piece)?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Sums what is written.
struct Summed<W> {
    out: W,
    sum: Context,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let written = self.out.write(piece)?;
        self.sum.update(&piece[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
