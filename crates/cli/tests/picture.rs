//! The picture of the terminal in the README: drawn of what the program prints about facts that never change.

use std::{fs, path::Path, process::Command};

use assert_cmd::cargo::cargo_bin;
use lifeboat_report::{
    Fact, Forecast, Generator, Report, StatusFile,
    facts::DeviceKeys,
    forecast::{AtRisk, EventCounts, ForecastScope, RoomForecast},
    testing::{self, ACCOUNT, TAKEN_AT, healthy_facts},
};

const DAY: u64 = 86_400_000;
/// As many as a window has.
const LINES: usize = 44;

fn counts(covered: u64, lost: &[(AtRisk, u64)]) -> EventCounts {
    let at_risk: u64 = lost.iter().map(|(_, count)| count).sum();
    EventCounts {
        total: covered + at_risk,
        covered,
        readable: Some(covered),
        at_risk,
        at_risk_by_cause: lost.iter().copied().collect(),
        ..EventCounts::default()
    }
}

fn room(name: &str, events: EventCounts) -> RoomForecast {
    RoomForecast {
        room_id: format!("!{}:example.org", name.to_lowercase()),
        name: Some(name.to_owned()),
        left: false,
        newest_at_risk_at: (events.at_risk > 0).then_some(TAKEN_AT - events.at_risk * 3_600_000),
        newest_event_id: None,
        events,
        complete: true,
        gap: None,
    }
}

/// A room that never reached the backup, another one that did late, and a tablet in a drawer.
fn report() -> Report {
    let rooms = vec![
        room("Hiking 2026", counts(238, &[(AtRisk::NotInBackup, 1_102)])),
        room("Family", counts(9_769, &[(AtRisk::StartsTooLate, 102)])),
        room("Work", counts(43_214, &[])),
    ];
    let mut events = EventCounts::default();
    rooms.iter().for_each(|it| events.add(&it.events));
    let forecast = Forecast {
        events,
        rooms,
        newest_event_at: Some(TAKEN_AT - DAY),
        complete: true,
        scope: ForecastScope {
            rooms: 3,
            rooms_complete: 3,
            ..ForecastScope::default()
        },
        ..Forecast::default()
    };
    let mut facts = healthy_facts();
    facts.coverage = Fact::Known(forecast.coverage());
    if let Fact::Known(sessions) = &mut facts.sessions {
        let tablet = testing::session(
            "OLDTABLET1",
            Some("Old tablet"),
            TAKEN_AT - 500 * DAY,
            DeviceKeys::Unsigned,
        );
        sessions.push(tablet);
    }
    Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts).with_forecast(Some(forecast))
}

#[test]
fn the_picture_of_the_terminal_is_the_one_kept() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let generator = Generator {
        name: "lifeboat".to_owned(),
        version: "0.0.0".to_owned(),
    };
    let status = StatusFile::of(&report(), generator);
    fs::write(folder.path().join("status.json"), serde_json::to_string(&status)?)?;
    let output = Command::new(cargo_bin("lifeboat"))
        .args(["--color", "always", "report", "status.json"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .output()?;
    let screen = String::from_utf8(output.stdout)?;
    let window: Vec<_> = screen.lines().take(LINES).collect();
    let text = format!("$ lifeboat report status.json\n{}\n …\n", window.join("\n"));
    // In this palette what is dim can still be read.
    let svg = anstyle_svg::Term::new()
        .palette(anstyle_svg::WIN10_CONSOLE)
        .render_svg(&text);
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures/check.svg");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&place, &svg)?;
    }
    assert!(
        fs::read_to_string(&place)? == svg,
        "docs/pictures/check.svg is another one; if that is meant, run the test with UPDATE_GOLDEN=1\n{text}"
    );
    Ok(())
}
