//! Planted faults: the supervisor's office lays a fault over a candidate that waits, and sees who finds it.
//!
//! The fault is laid over the rows that a reviewer is shown; the frozen result, its manifest and what leaves are never
//! touched. The first ballot of a reviewer answers the plant: it is not counted, the reviewer is told, sees the candidate as
//! it is, and votes about that. So a planted file cannot be released, and an honest request loses no vote.

use std::collections::BTreeMap;

use access::{Action, ResourceRef, Thing};
use base::{Id, Timestamp, kind};
use privacy::DataType;
use regulation::pack::{CommandKind, Effect};
use secure_domain::protocol::Page;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::records::{self, Expected};

use super::{Export, ExportState, versioned, with_tenant};
use crate::cases::{self, CaseRecord};
use crate::clock::new_id;
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// What a planted small cell says.
const SMALL: u64 = 2;
/// A number of an invented person, of a region that is none, with the right check digit.
const INVENTED: &str = "990101199003070016";

/// What is wrong with a planted candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlantedFault {
    /// A number far below the fewest entities.
    SmallCell,
    /// A text that is a person's number.
    Identifier,
}

/// A fault that was laid over a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plant {
    /// Its id; the journal knows it by this one, so that nobody reads there which candidate it is.
    pub id: Id<kind::Object>,
    /// What is wrong.
    pub fault: PlantedFault,
    /// Who planted it.
    pub by: Id<kind::Person>,
    /// His name.
    pub by_name: String,
    /// When.
    pub at: Timestamp,
    /// What reviewers made of it.
    pub answers: Vec<PlantAnswer>,
}

/// What a reviewer made of a planted fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantAnswer {
    /// The reviewer.
    pub person: Id<kind::Person>,
    /// The reviewer's name.
    pub name: String,
    /// The reviewer's unit.
    pub unit: String,
    /// Refused it.
    pub caught: bool,
    /// Has looked at the candidate as it is since: before that no ballot counts.
    #[serde(default)]
    pub seen: bool,
    /// When.
    pub at: Timestamp,
}

/// How reviewers have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlantReport {
    /// By reviewer.
    pub reviewers: Vec<ReviewerScore>,
    /// Planted candidates, newest first.
    pub plants: Vec<PlantLine>,
}

/// How one reviewer has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewerScore {
    /// The reviewer.
    pub person: Id<kind::Person>,
    /// The reviewer's name.
    pub name: String,
    /// The reviewer's unit.
    pub unit: String,
    /// Planted faults refused.
    pub caught: u64,
    /// Planted faults approved.
    pub missed: u64,
}

/// One planted candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlantLine {
    /// The export.
    pub export: Id<kind::Export>,
    /// The model's name.
    pub model_name: String,
    /// The plant.
    pub plant: Plant,
}

impl Plant {
    fn waits_for(&self, person: Id<kind::Person>) -> bool {
        person != self.by && !self.answers.iter().any(|answer| answer.person == person)
    }

    /// Whether a ballot of this person would be about the candidate as it is.
    fn is_over_for(&self, person: Id<kind::Person>) -> bool {
        person == self.by || self.answers.iter().any(|answer| answer.person == person && answer.seen)
    }
}

impl Export {
    /// The plant as this person may know of it: the one who planted it, and everybody who decides once it is over.
    pub(super) fn plant_shown_to(&self, ctx: &Ctx) -> Option<Plant> {
        let over = self.state != ExportState::Requested && crate::runs::may_decide(ctx, self.tenant);
        self.plant.clone().filter(|plant| over || plant.by == ctx.principal.person)
    }

    /// Lays the planted fault over rows that a reviewer is shown who has not answered it.
    pub(super) fn spoil(&self, ctx: &Ctx, page: &mut Page, offset: usize) {
        let Some(plant) = self.plant.as_ref().filter(|plant| plant.waits_for(ctx.principal.person)) else {
            return;
        };
        let (Some(column), Some(rows)) =
            (self.spoilt(plant.fault), self.frozen.rows.filter(|rows| *rows > 0))
        else {
            return;
        };
        let place =
            plant.id.as_bytes().iter().fold(0_u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(*byte))
                % rows;
        let row = usize::try_from(place).ok().and_then(|place| place.checked_sub(offset));
        let cell = row.and_then(|row| page.rows.get_mut(row)).and_then(|row| row.get_mut(column));
        if let Some(cell) = cell {
            *cell = match plant.fault {
                PlantedFault::SmallCell => Value::from(SMALL),
                PlantedFault::Identifier => Value::from(INVENTED),
            };
        }
    }

    /// Notes that a reviewer who answered a plant is shown the candidate as it is; true if that is news.
    pub(super) fn see_as_it_is(&mut self, person: Id<kind::Person>) -> bool {
        let answers = self.plant.iter_mut().flat_map(|plant| &mut plant.answers);
        let mut news = false;
        for answer in answers.filter(|answer| answer.person == person && !answer.seen) {
            answer.seen = true;
            news = true;
        }
        news
    }

    /// The column that can hold a fault.
    fn spoilt(&self, fault: PlantedFault) -> Option<usize> {
        let wanted = match fault {
            PlantedFault::SmallCell => DataType::Integer,
            PlantedFault::Identifier => DataType::Text,
        };
        self.frozen.output.iter().position(|column| column.data_type == wanted)
    }
}

fn reference() -> ResourceRef {
    ResourceRef::new(Thing::Export, "*")
}

/// Plants a fault in a candidate that waits.
///
/// # Errors
/// Not supervision; `export.unknown`; `export.decided`; `export.planted` when there is one already; `export.no_place`
/// when no column could hold the fault.
pub async fn plant(app: &App, ctx: &Ctx, id: Id<kind::Export>, fault: PlantedFault) -> Result<Plant> {
    let (known, tenant) = with_tenant(app, id).await?;
    let permit = &app.permit(ctx, Action::ExportPlant, known.reference(&tenant))?;
    let plant = Plant {
        id: new_id(ctx.now),
        fault,
        by: ctx.principal.person,
        by_name: ctx.person_name.clone(),
        at: ctx.now,
        answers: Vec::new(),
    };
    let planted = &plant;
    app.store()
        .transact(permit, "export.plant", |tx| {
            Box::pin(async move {
                let mut stored = versioned(tx, id).await?;
                let export = &mut stored.value;
                if export.state != ExportState::Requested {
                    return Err(Error::Conflict("export.decided"));
                }
                if export.plant.is_some() {
                    return Err(Error::Conflict("export.planted"));
                }
                if export.spoilt(fault).is_none() || export.frozen.rows.unwrap_or_default() == 0 {
                    return Err(Error::Conflict("export.no_place"));
                }
                export.plant = Some(planted.clone());
                records::put(tx, export, Expected::Version(stored.version), ctx.now).await?;
                let subject = format!("plant/{}", planted.id);
                let note = Note { subject, tenant: None, clauses: &[], payload: planted };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    app.committed();
    Ok(plant)
}

/// A ballot is about to be cast. One that answers a planted fault is written down and not counted.
///
/// # Errors
/// `export.was_planted`: the reviewer has answered a plant and votes about the real candidate next.
pub(crate) async fn answer(
    app: &App,
    ctx: &Ctx,
    permit: &access::Permit,
    case: Id<kind::Case>,
    command: CommandKind,
    refused: bool,
) -> Result<()> {
    let ballot = matches!(
        command,
        CommandKind::Approve | CommandKind::ApprovePartly | CommandKind::Refuse | CommandKind::Vote
    );
    if !ballot {
        return Ok(());
    }
    let Some(export) = planted(app, ctx, case).await? else { return Ok(()) };
    app.store()
        .transact(permit, "export.plant.answer", |tx| {
            Box::pin(async move {
                let mut stored = versioned(tx, export).await?;
                let Some(plant) = stored.value.plant.as_mut() else { return Ok::<_, Error>(()) };
                // The same ballot sent twice answers once.
                if plant.waits_for(ctx.principal.person) {
                    plant.answers.push(PlantAnswer {
                        person: ctx.principal.person,
                        name: ctx.person_name.clone(),
                        unit: ctx.unit_name.clone(),
                        caught: refused,
                        seen: false,
                        at: ctx.now,
                    });
                }
                let subject = format!("plant/{}", plant.id);
                let payload = serde_json::json!({ "caught": refused });
                records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
                app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload })
                    .await?;
                Ok(())
            })
        })
        .await?;
    app.committed();
    Err(Error::Conflict("export.was_planted"))
}

/// The export of a case whose plant waits for this person's ballot, if the person may cast one now.
async fn planted(app: &App, ctx: &Ctx, case: Id<kind::Case>) -> Result<Option<Id<kind::Export>>> {
    let record = app
        .store()
        .read("export.plant.case", |tx| Box::pin(async move { cases::record(tx, case).await }))
        .await?;
    let export = app
        .store()
        .read("export.plant.find", |tx| {
            let record: &CaseRecord = &record;
            Box::pin(async move {
                for about in &record.about {
                    let Ok(id) = about.parse::<Id<kind::Export>>() else { continue };
                    if let Some(found) = records::get::<Export>(tx, id.uuid()).await? {
                        return Ok::<_, Error>(Some(found.value));
                    }
                }
                Ok(None)
            })
        })
        .await?;
    let person = ctx.principal.person;
    let waits = export.filter(|export| {
        export.state == ExportState::Requested
            && export.review == Some(case)
            && export.plant.as_ref().is_some_and(|plant| !plant.is_over_for(person))
    });
    let Some(export) = waits else { return Ok(None) };
    // Only a ballot that the law would take now answers the plant.
    let view = cases::case_view(app, ctx, case).await?;
    let here = view.state.step.as_ref().map(|open| &open.step);
    let votes = view.procedure.steps.iter().filter(|step| Some(&step.id) == here).any(|step| {
        step.vote.is_some()
            && step.actions.iter().any(|action| action.effects.contains(&Effect::ReleaseExport))
    });
    let may = view.actions.iter().any(|action| action.refused.is_none() && action.command.concludes());
    Ok((votes && may).then_some(export.id))
}

/// How reviewers have done so far.
///
/// # Errors
/// Not supervision.
pub async fn plant_report(app: &App, ctx: &Ctx) -> Result<PlantReport> {
    app.permit(ctx, Action::ExportPlant, reference())?;
    let found = app
        .store()
        .read("export.plants", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(records::all::<Export>(tx, "planted", "", records::ALL_MAX).await?)
            })
        })
        .await?;
    let mut scores: BTreeMap<Id<kind::Person>, ReviewerScore> = BTreeMap::new();
    let mut plants = Vec::new();
    for export in found {
        let Some(plant) = export.value.plant.clone() else { continue };
        for answer in &plant.answers {
            let score = scores.entry(answer.person).or_insert_with(|| ReviewerScore {
                person: answer.person,
                name: answer.name.clone(),
                unit: answer.unit.clone(),
                caught: 0,
                missed: 0,
            });
            if answer.caught { score.caught += 1 } else { score.missed += 1 }
        }
        // A reviewer of the same office may read this; which candidate it is stays with whoever planted it.
        if export.value.plant_shown_to(ctx).is_some() {
            plants.push(PlantLine {
                export: export.value.id,
                model_name: export.value.model_name.clone(),
                plant,
            });
        }
    }
    plants.sort_by_key(|line| std::cmp::Reverse(line.plant.at));
    Ok(PlantReport { reviewers: scores.into_values().collect(), plants })
}
