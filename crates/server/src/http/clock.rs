//! The demonstration's clock. There is nothing here when time is real.

use app::{Error, clock};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{Date, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Body};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/clock", post(move_clock)).route("/clock", get(show_clock))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    /// `YYYY-MM-DD HH:MM` in the pack's zone.
    to: String,
}

fn shown(edge: &Edge, now: Timestamp) -> Value {
    let offset = edge.app.packs().current().counting.utc_offset_seconds;
    json!({ "now": now.format_at(offset), "date": now.date_at(offset), "fake": edge.app.clock().is_fake() })
}

async fn show_clock(State(edge): State<Edge>) -> Json<Value> {
    Json(shown(&edge, edge.app.now()))
}

async fn move_clock(State(edge): State<Edge>, Body(Move { to }): Body<Move>) -> Answer<Value> {
    if !edge.app.clock().is_fake() {
        return Err(Error::NotFound("clock.real").into());
    }
    let offset = edge.app.packs().current().counting.utc_offset_seconds;
    let to = parse(&to, offset).ok_or_else(|| Error::invalid("clock.format", "YYYY-MM-DD HH:MM"))?;
    // Told again to go where it is already, it stays: a repeated request is no error.
    if to > edge.app.now() {
        clock::move_to(&edge.app, to).await?;
    }
    Ok(Json(shown(&edge, edge.app.now())))
}

/// Reads `YYYY-MM-DD HH:MM`.
pub(crate) fn parse(text: &str, offset_seconds: i32) -> Option<Timestamp> {
    let (date, time) = text.split_once(' ')?;
    let date: Date = date.parse().ok()?;
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let within = (0..24).contains(&hour) && (0..60).contains(&minute);
    within.then(|| date.start_at(offset_seconds).plus_seconds(hour * 3600 + minute * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_the_zone() {
        let moment = parse("2026-09-01 09:30", 28_800).unwrap();
        assert_eq!(moment.date_at(0).to_string(), "2026-09-01");
        assert_eq!(moment, Date::new(2026, 9, 1).unwrap().start_at(0).plus_seconds(5400));
        for bad in ["2026-09-01", "2026-09-01 24:00", "2026-13-01 09:30", "2026-09-01 09:60", ""] {
            assert!(parse(bad, 0).is_none(), "{bad}");
        }
    }
}
