//! Pictures as somebody sees them from far away, to tell whether two show the same.
//!
//! Browsers and fonts differ between machines, so that no picture of a page is ever the same to the pixel elsewhere. From far
//! away it is: where there is a block of letters, a coloured card or a bar, there is one in the other picture too.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// Blocks beside each other. In a window of 960 pixels one is 20 pixels wide, less than the height of a line.
const COLUMNS: usize = 48;
/// Blocks below each other, however high the picture is: what is a little longer or shorter stays beside its like.
const ROWS: usize = 60;

// Of the page of a check, as Chromium shows it: in DejaVu Sans, and as other machines would show it, in DejaVu Serif and in
// either condensed by a tenth. Its height stayed the same, for a line takes as much in each of them; with every letter of the
// same width it was 9 in 100 higher, and nobody would call that the same page. The mean difference stayed below 0.004, that
// of any block below 0.23. Where the bars of the history were missing, blocks differed by 0.38; by night instead of by day
// the mean was 0.73.

/// How much the heights may differ: by two lines of a page that has forty.
const HEIGHT: f64 = 0.05;
/// How much the brightness may differ on an average; from black to white it is 1.
const MEAN: f64 = 0.01;
/// How much it may differ in any one block.
const BLOCK: f64 = 0.3;

/// How bright each block of a picture is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Thumbnail {
    width: u32,
    height: u32,
    /// Row by row, from 0 (black) to 1 (white).
    blocks: Vec<f64>,
}

impl Thumbnail {
    /// Fails unless the other picture shows the same, but for what another browser or other fonts change.
    pub fn ensure_like(&self, other: &Self) -> Result<()> {
        let sizes = [self, other].map(|it| (it.width, it.height, it.blocks.len()));
        let [(width, height, blocks), (other_width, other_height, other_blocks)] = sizes;
        ensure!(blocks == COLUMNS * ROWS && other_blocks == blocks, "no thumbnails");
        ensure!(width == other_width, "{width} pixels wide, not {other_width}");
        let longer = f64::from(height.abs_diff(other_height)) / f64::from(other_height.max(1));
        ensure!(longer <= HEIGHT, "{height} pixels high, not {other_height}");
        // Both ways: what is there in one of them only has no like in the other.
        for differences in [self.differences(other), other.differences(self)] {
            let mean = differences.iter().sum::<f64>() / differences.len() as f64;
            ensure!(mean <= MEAN, "{mean:.3} brighter or darker on an average");
            let most = differences.iter().copied().fold(0.0, f64::max);
            ensure!(most <= BLOCK, "{most:.3} brighter or darker in one place");
        }
        Ok(())
    }

    /// How much each block differs from its like: the one in the same place in the other picture, or one beside that. Words
    /// of another width move what is behind and below them.
    fn differences(&self, other: &Self) -> Vec<f64> {
        let near = |place: usize, end: usize| place.saturating_sub(1)..(place + 2).min(end);
        let difference = |(number, brightness): (usize, &f64)| {
            let (row, column) = (number / COLUMNS, number % COLUMNS);
            let places =
                near(row, ROWS).flat_map(|row| near(column, COLUMNS).map(move |column| row * COLUMNS + column));
            let likes = places.filter_map(|it| other.blocks.get(it));
            likes.map(|it| (it - brightness).abs()).fold(1.0, f64::min)
        };
        self.blocks.iter().enumerate().map(difference).collect()
    }
}

/// What a page has to do to look at a picture, PNG in Base64, from far away. The browser reads what it has written.
pub(super) fn script(picture: &str) -> String {
    format!(
        "(async () => {{
            const bytes = Uint8Array.from(atob('{picture}'), it => it.charCodeAt(0));
            const bitmap = await createImageBitmap(new Blob([bytes], {{type: 'image/png'}}));
            const {{width, height}} = bitmap;
            const context = new OffscreenCanvas(width, height).getContext('2d');
            context.drawImage(bitmap, 0, 0);
            const {{data}} = context.getImageData(0, 0, width, height);
            const sums = new Array({COLUMNS} * {ROWS}).fill(0), pixels = sums.slice();
            for (let y = 0; y < height; y++) {{
                for (let x = 0; x < width; x++) {{
                    const block = Math.floor(y * {ROWS} / height) * {COLUMNS} + Math.floor(x * {COLUMNS} / width);
                    const at = 4 * (y * width + x);
                    sums[block] += (0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2]) / 255;
                    pixels[block]++;
                }}
            }}
            return {{width, height, blocks: sums.map((it, block) => it / pixels[block])}};
        }})()"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// White, with lines of letters down to the row `lines`, and a dark picture below them in these columns.
    fn page(height: u32, lines: usize, picture: std::ops::Range<usize>) -> Thumbnail {
        let block = |number: usize| match (number / COLUMNS, number % COLUMNS) {
            (row, 4..40) if row < lines && row % 2 == 0 => 0.85,
            (row, column) if row > lines && row < 50 && picture.contains(&column) => 0.4,
            _ => 0.98,
        };
        Thumbnail {
            width: 960,
            height,
            blocks: (0..COLUMNS * ROWS).map(block).collect(),
        }
    }

    #[test]
    fn a_picture_is_like_itself_and_like_one_in_which_things_are_a_little_elsewhere() {
        let kept = page(1000, 30, 10..20);
        kept.ensure_like(&kept).unwrap();
        kept.ensure_like(&page(1040, 31, 11..21)).unwrap();
        page(960, 30, 11..20).ensure_like(&kept).unwrap();
    }

    #[test]
    fn what_shows_something_else_is_another_picture() {
        let kept = page(1000, 30, 10..20);
        let wider = Thumbnail {
            width: 980,
            ..kept.clone()
        };
        let night = Thumbnail {
            blocks: kept.blocks.iter().map(|it| 1.0 - it).collect(),
            ..kept.clone()
        };
        let mut dirty = kept.clone();
        dirty.blocks[COLUMNS * 55 + 30] = 0.5;
        let cut = Thumbnail {
            blocks: kept.blocks[..COLUMNS].to_vec(),
            ..kept.clone()
        };
        for other in [
            page(1100, 30, 10..20),
            page(1000, 30, 0..0),
            page(1000, 30, 25..35),
            page(1000, 30, 10..24),
            wider,
            night,
            dirty,
            cut,
        ] {
            assert!(kept.ensure_like(&other).is_err(), "{other:?}");
            assert!(other.ensure_like(&kept).is_err(), "{other:?}");
        }
    }
}
