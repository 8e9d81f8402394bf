//! What a command on people and units asks for: units to choose, a colleague, the seed of a draw, a meeting.

use app::Error;
use app::cases::ActRequest;
use app::regulation::case::{Asks, Meeting};
use base::{Date, Id, kind};

use super::fields::{Values, Wrong};
use super::visit::Visit;
use crate::html::pages::form::{Field, FieldKind};
use crate::html::pages::parts::Choice;

const UNITS: &str = "people-units";
const DELEGATE: &str = "people-delegate";
const SEED: &str = "people-seed";
const NUMBER: &str = "meeting-number";
const HELD_ON: &str = "meeting-held-on";
const PRESENT: &str = "meeting-present";
/// Longest number of a resolution.
const NUMBER_CHARS_MAX: u32 = 200;

/// The fields a button needs besides its facts and files.
pub(super) async fn fields(
    visit: &Visit,
    asks: &Asks,
    values: &Values,
    wrong: &Wrong,
) -> Result<Vec<Field>, Error> {
    let mut fields = Vec::new();
    let field = |id: &str, kind: FieldKind| Field {
        id: id.to_owned(),
        label: visit.text(id),
        kind,
        required: true,
        value: values.one(id).to_owned(),
        error: wrong.get(id).cloned(),
        ..Field::default()
    };
    let meeting = asks.meeting.is_some();
    if !asks.units.is_empty() {
        let id = if meeting { PRESENT } else { UNITS };
        let names = app::desk::unit_names(&visit.app).await?;
        let choice = |code: &String| {
            let name = names.get(code).map_or_else(|| code.clone(), |unit| visit.pick(&unit.name, &unit.en));
            Choice::new(code, &name, values.all(id).contains(code))
        };
        let choices = asks.units.iter().map(choice).collect();
        fields.push(Field { choices, ..field(id, FieldKind::MultiChoice) });
    }
    if asks.delegate {
        let colleagues = app::identity::colleagues(&visit.app, &visit.ctx).await?;
        let choice = |(id, name): &(Id<kind::Person>, String)| {
            let id = id.to_string();
            Choice::new(&id, name, values.one(DELEGATE) == id)
        };
        let choices = colleagues.iter().map(choice).collect();
        fields.push(Field { choices, ..field(DELEGATE, FieldKind::Choice) });
    }
    if asks.seed {
        let hint = visit.text("people-seed-hint");
        fields.push(Field { hint, ..field(SEED, FieldKind::Text) });
    }
    if meeting {
        let number = field(NUMBER, FieldKind::Text);
        fields.push(Field { chars_max: Some(NUMBER_CHARS_MAX), ..number });
        fields.push(field(HELD_ON, FieldKind::Date));
    }
    Ok(fields)
}

/// Puts what was chosen into a request. A meeting's agenda is the case it is told in; the interface for programs takes
/// several.
pub(super) fn chosen(values: &Values, case: Id<kind::Case>, request: &mut ActRequest) {
    let text = |id: &str| Some(values.one(id).trim().to_owned()).filter(|text| !text.is_empty());
    request.units = values.all(UNITS).to_vec();
    request.delegate = text(DELEGATE).and_then(|id| id.parse().ok());
    request.seed = text(SEED);
    request.meeting = text(HELD_ON).and_then(|day| day.parse::<Date>().ok()).map(|held_on| Meeting {
        number: text(NUMBER).unwrap_or_default(),
        held_on,
        agenda: vec![case],
        present: values.all(PRESENT).to_vec(),
    });
}
