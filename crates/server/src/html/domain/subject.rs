//! What a case decides about, for the page of the case: nobody should vote on a number.

use app::Error;
use app::cases::{CaseView, facts as names};
use app::exports::{self, ExportState};
use app::models::{self, ModelRecord};
use app::privacy::SensitiveKind;
use app::privacy::ir::Label;
use app::regulation::case::FormValue;
use app::regulation::pack::{FactValue, FieldKind};
use app::resources::{self, CatalogEntry, Wanted};
use base::Id;

use super::catalog::grade;
use super::common::{data_type, domain, fact, kind_name, short, word};
use super::{disclosures, runs};
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::case::Subject;
use crate::html::pages::parts::{Link, Table};

/// Newest exports of a model that earlier releases are looked for among.
const EARLIER_MAX: u32 = 100;

/// The things a case decides about, as far as this person may see them.
///
/// # Errors
/// Storage faults.
pub(crate) async fn subjects(visit: &Visit, view: &CaseView) -> Result<Vec<Subject>, Error> {
    let mut shown = Vec::new();
    shown.extend(export(visit, view).await);
    shown.extend(model(visit, view).await);
    shown.extend(requested(visit, view).await);
    Ok(shown)
}

fn id<K: base::Kind>(view: &CaseView, key: &str) -> Option<Id<K>> {
    match view.state.facts.get(key) {
        Some(FactValue::Text(text)) => text.parse().ok(),
        _ => None,
    }
}

/// The frozen result with its disclosure report, and what left earlier. The rows themselves are on the airlock's page,
/// where each look is recorded.
async fn export(visit: &Visit, view: &CaseView) -> Option<Subject> {
    let found = exports::export(&visit.app, &visit.ctx, id(view, names::EXPORT)?).await.ok()?.export;
    let run = app::runs::run(&visit.app, &visit.ctx, found.run).await.ok();
    let clauses = run.as_ref().map(|run| run.clauses.clone()).unwrap_or_default();
    let mut facts = vec![
        fact(visit, "state", word(visit, "export-state", &found.state)),
        fact(visit, "purpose", &found.purpose),
        fact(visit, "result-digest", short(&found.frozen.digest)),
    ];
    // What reviewers approved may have stayed inside all the same.
    facts.extend(found.overtaken.then(|| fact(visit, "overtaken", visit.text("export-overtaken"))));
    facts.extend(found.frozen.rows.map(|rows| fact(visit, "rows", words::count(rows))));
    if let Some(run) = run.as_ref().filter(|run| !run.values.is_empty()) {
        facts.push(fact(visit, "parameters", runs::parameters(run)));
    }
    let of_model = exports::Listed::OfModel(found.model);
    let of_model = exports::exports(&visit.app, &visit.ctx, found.tenant, of_model, None, EARLIER_MAX).await;
    let of_model = of_model.map(|(found, _)| found).unwrap_or_default();
    let mut related = vec![Link::new(&found.model_name, &format!("/models/{}", found.model))];
    if let Some(run) = &run {
        let number = runs::number(visit, run.ordered, &run.id.to_string());
        related
            .push(Link::new(&format!("{} {number}", visit.text("menu-runs")), &format!("/runs/{}", run.id)));
    }
    let mut earlier = Table::new(
        &visit.text("earlier-releases"),
        &[
            &visit.text("released-at"),
            &visit.text("purpose"),
            &visit.text("rows"),
            &visit.text("result-digest"),
        ],
        &[],
        &[],
    );
    earlier.rows = of_model
        .iter()
        .map(|view| &view.export)
        .filter(|other| other.id != found.id)
        .filter(|other| other.state == ExportState::Released)
        .map(|other| {
            vec![
                other.release.as_ref().map(|release| visit.minute(release.at)).unwrap_or_default(),
                other.purpose.clone(),
                other.release.as_ref().map(|release| words::count(release.rows)).unwrap_or_default(),
                short(&other.frozen.digest),
            ]
        })
        .collect();
    Some(Subject {
        heading: visit.text("subject-export"),
        link: Some(Link::new(&visit.text("subject-export-open"), &format!("/airlock/{}", found.id))),
        related,
        facts,
        tables: vec![earlier],
        report: found.frozen.report.as_ref().map(|report| disclosures::report(visit, report, &clauses)),
        ..Subject::default()
    })
}

async fn model(visit: &Visit, view: &CaseView) -> Option<Subject> {
    let record = models::model(&visit.app, &visit.ctx, id(view, names::MODEL)?).await.ok()?;
    Some(Subject {
        heading: visit.text("subject-model"),
        link: Some(Link::new(&record.model.name, &format!("/models/{}", record.model.id))),
        related: super::models::inputs(visit, &record).await,
        facts: vec![
            fact(visit, "author", &record.author),
            fact(visit, "state", word(visit, "model-state", &record.state)),
            fact(visit, "entity", words::entity(visit, &record.model.entity)),
            fact(visit, "model-digest", record.digest.to_string()),
            fact(visit, "reversibility", &record.model.reversibility),
        ],
        code: record.text.clone(),
        tables: vec![parameters(visit, &record), output(visit, &record)],
        ..Subject::default()
    })
}

fn parameters(visit: &Visit, record: &ModelRecord) -> Table {
    let (name, allowed) = (visit.text("parameter-name"), visit.text("parameter-domain"));
    let mut table = Table::new(&visit.text("parameters"), &[&name, &allowed], &[], &[]);
    let lines = record.model.parameters.iter();
    table.rows = lines.map(|each| vec![format!("${}", each.name), domain(visit, each)]).collect();
    table
}

/// What a model puts out, column by column.
pub(super) fn output(visit: &Visit, record: &ModelRecord) -> Table {
    let (column, kind) = (visit.text("column"), visit.text("data-type"));
    let mut table = Table::new(&visit.text("output"), &[&column, &kind], &[], &[]);
    let lines = record.model.output.iter();
    table.rows = lines.map(|line| vec![line.name.clone(), data_type(visit, line.data_type)]).collect();
    table
}

/// The columns asked for, with what they are; a warning where the case says that nothing personal is among them.
async fn requested(visit: &Visit, view: &CaseView) -> Option<Subject> {
    let mut subject = Subject { heading: visit.text("subject-data"), ..Subject::default() };
    let mut delicate: Vec<String> = Vec::new();
    for wanted in wanted(view) {
        let Ok(entry) = resources::by_code_seen(&visit.app, &visit.ctx, &wanted.code).await else { continue };
        let name = visit.pick(&entry.name_zh, &entry.name_en);
        subject.related.push(Link::new(&name, &format!("/catalog/{}", entry.id())));
        subject.tables.push(columns(visit, &entry, &wanted, &name, &mut delicate));
    }
    let denied = view.state.facts.get(names::PERSONAL) == Some(&FactValue::Flag(false));
    if denied && !delicate.is_empty() {
        subject.warning = visit.text_with("subject-data-warning", &[("columns", &delicate.join("、"))]);
    }
    (!subject.tables.is_empty()).then_some(subject)
}

/// The resources that the case's forms ask for.
fn wanted(view: &CaseView) -> Vec<Wanted> {
    let mut found = Vec::new();
    for form in &view.forms {
        let Some(values) = view.state.forms.get(&form.id) else { continue };
        for field in form.sections.iter().flat_map(|section| &section.fields) {
            if let (FieldKind::Resources, Some(FormValue::List(items))) =
                (&field.kind, values.get(&field.key))
            {
                found.extend(items.iter().map(|item| Wanted::parse(item)));
            }
        }
    }
    found
}

fn columns(
    visit: &Visit,
    entry: &CatalogEntry,
    wanted: &Wanted,
    name: &str,
    delicate: &mut Vec<String>,
) -> Table {
    let head = ["column", "data-type", "confirmed-kind", "grade", "lattice"].map(|key| visit.text(key));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut table = Table::new(&format!("{name}（{}）", entry.code), &head, &[], &[]);
    for column in &entry.columns {
        if !wanted.columns.is_empty() && !wanted.columns.contains(&column.name) {
            continue;
        }
        let label = match column.label_zh.as_str() {
            "" => column.name.clone(),
            label => format!("{label}（{}）", column.name),
        };
        let known = column.classification.as_ref();
        if known.is_some_and(|known| known.kind != SensitiveKind::General || known.label >= Label::Sensitive)
        {
            delicate.push(label.clone());
        }
        let of = |say: &dyn Fn(&app::catalog::Classification) -> String| {
            known.map_or_else(|| visit.text("unconfirmed"), say)
        };
        table.rows.push(vec![
            label,
            data_type(visit, column.data_type),
            of(&|known| kind_name(visit, known.kind)),
            of(&|known| grade(visit, known.level)),
            of(&|known| word(visit, "label", &known.label)),
        ]);
    }
    table
}
