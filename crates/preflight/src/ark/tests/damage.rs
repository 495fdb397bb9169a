//! Cut, changed and foreign files: none of them counts.

use super::*;

fn verdict(bytes: &[u8]) -> Result<Sums, ArkError> {
    read(Cursor::new(bytes), |_| Ok(()))
}

#[tokio::test]
async fn every_cut_is_noticed() {
    let (bytes, _) = saved(World::new()).await;
    verdict(&bytes).unwrap();
    // Every place in the first and last kilobyte, and many between.
    let step = |at: &usize| *at < 1024 || bytes.len() - at < 1024 || at.is_multiple_of(97);
    for at in (0..bytes.len()).filter(step) {
        let error = verdict(&bytes[..at]).unwrap_err();
        let expected = match at {
            0..MAGIC_LENGTH => matches!(error, ArkError::NotAnArk | ArkError::NewerFormat),
            _ => matches!(error, ArkError::CutOff { bytes } if bytes == at as u64),
        };
        assert!(expected, "cut at {at}: {error}");
    }
}

const MAGIC_LENGTH: usize = MAGIC.len();

#[tokio::test]
async fn every_changed_byte_is_noticed() {
    let (bytes, _) = saved(World::new()).await;
    let step = |at: &usize| *at < 4096 || bytes.len() - at < 1024 || at.is_multiple_of(97);
    for at in (0..bytes.len()).filter(step) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        assert!(verdict(&changed).is_err(), "byte {at} was changed, and nobody noticed");
    }
}

#[tokio::test]
async fn parts_cannot_be_taken_out_or_swapped_and_nothing_may_follow() {
    let (bytes, _) = saved(World::new()).await;
    // Parts begin after the magic line; the second one begins where an ark of the first alone has its end mark.
    let mut first = None;
    let whole = read(Cursor::new(&bytes), |part| {
        if first.is_none() {
            let shelf = Shelf::default();
            let mut content = Vec::new();
            part.content.read_to_end(&mut content).unwrap();
            let mut ark = write::ArkWriter::begin(shelf.clone()).unwrap();
            ark.whole_part(&part.name, &content).unwrap();
            first = Some(shelf.bytes().len());
        }
        Ok(())
    });
    whole.unwrap();
    let second = first.unwrap();
    let without_first = [&bytes[..MAGIC_LENGTH], &bytes[second..]].concat();
    let twice = [&bytes[..second], &bytes[MAGIC_LENGTH..]].concat();
    for odd in [without_first, twice, [&bytes[..], b" "].concat()] {
        assert!(matches!(verdict(&odd).unwrap_err(), ArkError::Damaged { .. }));
    }
}

#[tokio::test]
async fn sums_that_fit_do_not_make_sense_of_nonsense() {
    let (bytes, _) = saved(World::new()).await;
    let without = async |left_out: PartName| {
        let shelf = Shelf::default();
        let mut ark = write::ArkWriter::begin(shelf.clone()).unwrap();
        read(Cursor::new(&bytes), |part| {
            let mut content = Vec::new();
            part.content.read_to_end(&mut content).unwrap();
            if part.name != left_out {
                ark.whole_part(&part.name, &content).unwrap();
            }
            Ok(())
        })
        .unwrap();
        ark.finish().unwrap();
        surveyed(shelf.bytes(), Vec::new()).await.unwrap_err()
    };
    for name in [
        PartName::About,
        PartName::Status,
        PartName::Devices,
        PartName::Keys,
        PartName::AccountData,
        PartName::BackupVersion("3".to_owned()),
        PartName::BackupEntries("3".to_owned()),
    ] {
        let error = without(name.clone()).await;
        assert!(matches!(error, ArkError::Damaged { .. }), "without {name}: {error}");
    }
}

#[test]
fn other_files_are_told_apart() {
    assert!(matches!(verdict(b"").unwrap_err(), ArkError::NotAnArk));
    assert!(matches!(
        verdict(b"{\"format\": 1}           ").unwrap_err(),
        ArkError::NotAnArk
    ));
    assert!(matches!(
        verdict(b"lifeboat-ark 2\nwhatever").unwrap_err(),
        ArkError::NewerFormat
    ));
}

#[test]
fn a_file_that_wants_much_memory_gets_none() {
    // A name of 65 535 bytes, and a frame that asks for a window of 2 GiB.
    let name = [MAGIC, b"P\xFF\xFF"].concat();
    assert!(matches!(verdict(&name).unwrap_err(), ArkError::Damaged { .. }));
    let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00];
    let window = [MAGIC, b"P\x00\x01x\x00\x00\x00\x09", &frame, &[0; 44]].concat();
    assert!(matches!(verdict(&window).unwrap_err(), ArkError::Damaged { .. }));
}
