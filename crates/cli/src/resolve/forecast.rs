//! Which messages a check looks at.

use std::collections::BTreeSet;

use lifeboat_preflight::{
    EventProofWish, ForecastOptions, ForecastProgress, ForecastQuestion, LeftRooms, OlderVersions,
    ruma::{OwnedRoomId, RoomId},
};

use crate::{args::ForecastArgs, config::Config, failure::Failure, ui::time};

/// Resolves the arguments about the forecast.
pub(super) fn question(quick: bool, args: ForecastArgs, config: &Config) -> Result<ForecastQuestion, Failure> {
    if quick {
        return Ok(ForecastQuestion::Quick);
    }
    let rooms: BTreeSet<OwnedRoomId> = args.rooms.iter().map(|it| room(it)).collect::<Result<_, _>>()?;
    Ok(ForecastQuestion::Run(ForecastOptions {
        since: args.since.as_deref().map(day).transpose()?,
        rooms: (!rooms.is_empty()).then_some(rooms),
        max_events: args.max_events,
        left_rooms: if args.include_left || config.include_left {
            LeftRooms::Include
        } else {
            LeftRooms::LeaveOut
        },
        event_proof: match (args.prove_events, args.no_prove_events) {
            (true, _) => EventProofWish::Always,
            (false, true) => EventProofWish::Never,
            (false, false) => EventProofWish::IfFew,
        },
        older: match (args.all_versions, args.backup_versions) {
            (true, _) => OlderVersions::All,
            (false, versions) if versions.is_empty() => OlderVersions::None,
            (false, versions) => OlderVersions::These(versions.into_iter().collect()),
        },
        progress: ForecastProgress::default(),
        memory: None,
    }))
}

fn day(text: &str) -> Result<u64, Failure> {
    let moment = time::parse_day(text);
    moment.ok_or_else(|| Failure::usage(format!("“{text}” is not a day."), "A day looks like 2026-03-01."))
}

fn room(text: &str) -> Result<OwnedRoomId, Failure> {
    RoomId::parse(text).map_err(|_| {
        Failure::usage(
            format!("“{text}” is not a room id."),
            "A room id looks like !abc:example.org; Element shows it in the room’s Settings → Advanced.",
        )
    })
}
