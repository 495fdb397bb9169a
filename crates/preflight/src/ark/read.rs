//! Reads an ark, part by part, and holds every sum against what was written.

use std::io::{self, BufReader, Read};

use aws_lc_rs::digest::{Context, SHA256};
use zstd::stream::read::Decoder;

use super::{ArkError, END, LONGEST_NAME, MAGIC, MAGIC_OF_ANY, PART, Part, PartName, WINDOW_LOG};

/// What an ark holds, once every sum fits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sums {
    /// Each part, in the order of the file, and its length in bytes.
    pub parts: Vec<(PartName, u64)>,
    /// How many bytes the file has.
    pub bytes: u64,
}

/// Reads an ark to its end and shows each part to `visit`, which need not read it to its end.
///
/// Takes as long as the disk and the unpacking take: not for an async thread. In memory are a few MiB.
///
/// # Errors
///
/// Fails when the file is no ark, is cut off or damaged, and when `visit` fails. Whatever `visit` saw before an error
/// does not count.
pub fn read(input: impl Read, mut visit: impl FnMut(Part<'_>) -> Result<(), ArkError>) -> Result<Sums, ArkError> {
    let mut input = Counted {
        input: BufReader::new(input),
        bytes: 0,
        sum: Context::new(&SHA256),
    };
    magic(&mut input)?;
    let mut parts = Vec::new();
    loop {
        match input.array()? {
            [PART] => parts.push(part(&mut input, &mut visit)?),
            [END] => break,
            _ => return Err(ArkError::damaged("a part was expected, and something else is there")),
        }
    }
    let count = u32::from_be_bytes(input.array()?);
    let sum = input.sum.clone().finish();
    let written_sum: [u8; 32] = input.array()?;
    if usize::try_from(count) != Ok(parts.len()) || sum.as_ref() != written_sum {
        return Err(ArkError::damaged("its parts are not those that were written"));
    }
    let bytes = input.bytes;
    if input.read(&mut [0]).map_err(ArkError::Read)? > 0 {
        return Err(ArkError::damaged("something follows after its end"));
    }
    Ok(Sums { parts, bytes })
}

fn magic(input: &mut impl Read) -> Result<(), ArkError> {
    let mut magic = Vec::new();
    let length = MAGIC.len() as u64;
    input.take(length).read_to_end(&mut magic).map_err(ArkError::Read)?;
    if magic == MAGIC {
        Ok(())
    } else if magic.starts_with(MAGIC_OF_ANY) {
        Err(ArkError::NewerFormat)
    } else {
        Err(ArkError::NotAnArk)
    }
}

fn part<R: Read>(
    input: &mut Counted<R>,
    visit: &mut impl FnMut(Part<'_>) -> Result<(), ArkError>,
) -> Result<(PartName, u64), ArkError> {
    let name_length: [u8; 2] = input.array()?;
    let mut name = vec![0; u16::from_be_bytes(name_length).into()];
    if name.len() > LONGEST_NAME {
        return Err(ArkError::damaged("the name of a part is too long"));
    }
    input.exactly(&mut name)?;
    let name = String::from_utf8(name).map_err(|_| ArkError::damaged("the name of a part is no text"))?;

    let mut blocks = Blocks::new(input);
    let unpacked = unpack(&mut blocks, &name, visit);
    // A cut shows in the unpacking as some error or other; what counts is that the blocks end too early.
    if let Some(failure) = blocks.failure.take() {
        return Err(failure);
    }
    let (length, sum) = unpacked?;
    if !blocks.is_at_end() {
        return Err(ArkError::damaged(format!("{name} has more blocks than content")));
    }
    let written_length: [u8; 8] = input.array()?;
    let written_sum: [u8; 32] = input.array()?;
    if u64::from_be_bytes(written_length) != length || written_sum != *sum.as_ref() {
        return Err(ArkError::damaged(format!("{name} is not what was written")));
    }
    Ok((PartName::parse(&name), length))
}

fn unpack<R: Read>(
    blocks: &mut Blocks<'_, R>,
    name: &str,
    visit: &mut impl FnMut(Part<'_>) -> Result<(), ArkError>,
) -> Result<(u64, aws_lc_rs::digest::Digest), ArkError> {
    let packed = |_| ArkError::damaged(format!("{name} cannot be unpacked"));
    let mut decoder = Decoder::new(blocks).map_err(packed)?;
    decoder.window_log_max(WINDOW_LOG).map_err(packed)?;
    let mut content = Summed {
        input: decoder,
        digest: Context::new(&SHA256),
        length: 0,
        failed: false,
    };
    let part = Part {
        name: PartName::parse(name),
        content: &mut content,
    };
    let visited = visit(part);
    if content.failed {
        return Err(ArkError::damaged(format!("{name} cannot be unpacked")));
    }
    visited?;
    io::copy(&mut content, &mut io::sink()).map_err(packed)?;
    Ok((content.length, content.digest.finish()))
}

/// Counts and sums what is read.
struct Counted<R> {
    input: R,
    bytes: u64,
    sum: Context,
}

impl<R: Read> Counted<R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArkError> {
        let mut bytes = [0; N];
        self.exactly(&mut bytes)?;
        Ok(bytes)
    }

    fn exactly(&mut self, bytes: &mut [u8]) -> Result<(), ArkError> {
        self.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArkError::CutOff { bytes: self.bytes },
            _ => ArkError::Read(error),
        })
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.bytes += read as u64;
        self.sum.update(&buffer[..read]);
        Ok(read)
    }
}

/// The blocks of one part as one stream.
struct Blocks<'a, R> {
    input: &'a mut Counted<R>,
    /// How many bytes of the block are left.
    left: u32,
    ended: bool,
    failure: Option<ArkError>,
}

impl<'a, R: Read> Blocks<'a, R> {
    fn new(input: &'a mut Counted<R>) -> Self {
        Self {
            input,
            left: 0,
            ended: false,
            failure: None,
        }
    }

    /// Tells whether nothing is left, which it may have to look for.
    fn is_at_end(&mut self) -> bool {
        matches!(self.read(&mut [0]), Ok(0)) && self.failure.is_none()
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, ArkError> {
        if self.left == 0 && !self.ended {
            self.left = u32::from_be_bytes(self.input.array()?);
            self.ended = self.left == 0;
        }
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.input.read(&mut buffer[..wanted]).map_err(ArkError::Read)?;
        if read == 0 && wanted > 0 {
            return Err(ArkError::CutOff {
                bytes: self.input.bytes,
            });
        }
        self.left -= u32::try_from(read).unwrap_or(self.left);
        Ok(read)
    }
}

impl<R: Read> Read for Blocks<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.next(buffer).map_err(|failure| {
            self.failure = Some(failure);
            io::ErrorKind::UnexpectedEof.into()
        })
    }
}

/// Sums what is read.
struct Summed<R> {
    input: R,
    digest: Context,
    length: u64,
    failed: bool,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer).inspect_err(|_| self.failed = true)?;
        self.digest.update(&buffer[..read]);
        self.length += read as u64;
        Ok(read)
    }
}
