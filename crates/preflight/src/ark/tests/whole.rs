//! What goes in comes out.

use std::collections::BTreeMap;

use super::*;

#[tokio::test]
async fn everything_is_in_it_as_the_server_holds_it() {
    let world = World::new();
    let (listing, version) = (world.listing.clone(), world.version("3"));
    let (bytes, summary) = saved(world).await;
    let counts: Vec<_> = summary
        .versions
        .iter()
        .map(|it| (it.version.as_str(), it.entries))
        .collect();
    assert_eq!(counts, [("1", 0), ("3", 30)]);
    let mut parts = BTreeMap::new();
    let sums = read(Cursor::new(&bytes), |part| {
        let mut text = String::new();
        part.content.read_to_string(&mut text).unwrap();
        parts.insert(part.name.to_string(), text);
        Ok(())
    })
    .unwrap();
    let names: Vec<_> = sums.parts.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(
        names,
        [
            "about.json",
            "status.json",
            "devices.json",
            "keys.json",
            "account-data.json",
            "backup/1/version.json",
            "backup/1/entries.json",
            "backup/3/version.json",
            "backup/3/entries.json",
        ]
    );
    assert_eq!(sums.bytes, bytes.len() as u64);
    assert_eq!(parts["backup/3/entries.json"], listing);
    let json = |name: &str| serde_json::from_str::<Value>(&parts[name]).unwrap();
    assert_eq!(json("backup/3/version.json"), version);
    assert_eq!(json("devices.json")["devices"][1]["display_name"], "Pixel");
    assert_eq!(
        json("keys.json")["device_keys"][user().as_str()]["A"]["odd"],
        json!([1])
    );
    let kept = json("account-data.json");
    let kinds: Vec<_> = kept.as_object().unwrap().keys().collect();
    assert_eq!(
        kinds,
        [
            "m.cross_signing.master",
            "m.key_backup",
            "m.secret_storage.default_key",
            "m.secret_storage.key.k",
            "org.example.secret",
        ]
    );
}

#[tokio::test]
async fn without_a_key_it_is_described() {
    let (bytes, _) = saved(World::new()).await;
    let report = surveyed(bytes, Vec::new()).await.unwrap();
    assert_eq!(report.about.account, user().as_str());
    assert_eq!(report.about.taken_at, 12);
    assert_eq!(report.status.account, user().as_str());
    assert_eq!((report.sessions, report.versions.len()), (2, 2));
    assert_eq!(report.newest().unwrap().entries, 30);
    assert!(report.trial.is_none() && report.newest().unwrap().proof.is_none());
    assert!(!report.newest().unwrap().is_proven());
}

#[tokio::test]
async fn with_the_key_every_entry_is_proven() {
    let world = World::new();
    let key = world.recovery_key();
    let (bytes, _) = saved(world).await;
    let report = surveyed(bytes.clone(), vec![key]).await.unwrap();
    assert!(report.versions.iter().all(ArkVersionReport::is_proven));
    assert!(report.trial.unwrap().candidates[0].opens_active_backup);

    let other = SecretString::from("another passphrase");
    let report = surveyed(bytes, vec![other]).await.unwrap();
    assert!(report.versions.iter().all(|it| it.proof.is_none()));
    assert!(!report.trial.unwrap().candidates[0].opens_active_backup);
}

#[tokio::test]
async fn an_entry_that_does_not_open_is_no_proof() {
    let mut world = World::new();
    let key = world.recovery_key();
    // The first MAC there is: another letter in its place.
    let place = world.listing.find("\"mac\":\"").unwrap() + 7;
    let other = if &world.listing[place..=place] == "A" { "B" } else { "A" };
    world.listing.replace_range(place..=place, other);
    let (bytes, _) = saved(world).await;
    let report = surveyed(bytes, vec![key]).await.unwrap();
    let newest = report.newest().unwrap();
    assert!(!newest.is_proven());
    assert_eq!(newest.proof.as_ref().unwrap().open, 29);
}

#[tokio::test]
async fn an_account_without_a_backup_has_an_ark_too() {
    let world = World::new();
    let server = CannedServer::start(move |request| match request.path.as_str() {
        "/_matrix/client/v3/room_keys/version" => Some(Answer::error(404, "M_NOT_FOUND")),
        _ => world.answer(request),
    })
    .await;
    let shelf = Shelf::default();
    assert!(save_to(&server, shelf.clone()).await.unwrap().versions.is_empty());
    let report = surveyed(shelf.bytes(), Vec::new()).await.unwrap();
    assert!(report.newest().is_none() && report.versions.is_empty());
    assert_eq!(report.about.newest_backup, None);
}

#[tokio::test]
async fn a_part_that_is_not_known_is_summed_and_left_alone() {
    let (bytes, _) = saved(World::new()).await;
    let shelf = Shelf::default();
    let mut ark = write::ArkWriter::begin(shelf.clone()).unwrap();
    read(Cursor::new(&bytes), |part| {
        let mut content = Vec::new();
        part.content.read_to_end(&mut content).unwrap();
        ark.whole_part(&part.name, &content).unwrap();
        Ok(())
    })
    .unwrap();
    ark.whole_part(&PartName::Other("later.bin".to_owned()), b"new")
        .unwrap();
    ark.finish().unwrap();
    let report = surveyed(shelf.bytes(), Vec::new()).await.unwrap();
    assert_eq!(
        report.sums.parts.last().unwrap().0,
        PartName::Other("later.bin".to_owned())
    );
}

#[tokio::test]
async fn how_many_entries_are_to_come_is_as_the_server_says_of_all_versions() {
    for (count, expected) in [(json!(30), 60), (json!(null), 0), (json!(u64::MAX), 0)] {
        let world = World::new();
        let server = CannedServer::start(move |request| {
            if !request.path.contains("/room_keys/version") || request.path.ends_with("/2") {
                return world.answer(request);
            }
            let mut version = world.version(if request.path.ends_with("/1") { "1" } else { "3" });
            version["count"] = count.clone();
            Some(version.into())
        })
        .await;
        let progress = ArkProgress::default();
        save_watched(&server, Shelf::default(), &progress).await.unwrap();
        assert_eq!((progress.entries(), progress.expected()), (30, expected));
    }
}
