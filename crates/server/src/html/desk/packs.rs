//! Packs: the law of this installation as anybody may read it.

use std::collections::BTreeMap;

use app::Error;
use app::regulation::case::command_words;
use app::regulation::pack::{Bound, Comparator, Pack, Parameter, Procedure, Status, Step, Value, coverage};
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use super::visit::{Visit, encode};
use super::words::{self, Units};
use crate::html::pages::admin::{
    AdminPack, AdminPacks, PackClause, PackParameter, PackProcedure, PackRole, PackRow,
};
use crate::html::pages::parts::{Fact, Light, Link, Table, TableColumn};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/admin/packs", get(list)).route("/admin/packs/{pack}", get(show))
}

async fn list(visit: Visit) -> Response {
    let rows = visit.app.packs().all().iter().map(|pack| row(&visit, pack)).collect();
    let link = |key: &str, href: &str| Link::new(&visit.text(key), href);
    let links = vec![
        link("pack-versions", "/admin/packs/versions"),
        link("holidays", "/admin/holidays"),
        link("pack-new", "/admin/packs/new"),
    ];
    let result = visit.page("packs", &AdminPacks { rows, links, problems: Vec::new() }).await;
    visit.answer(result).await
}

fn row(visit: &Visit, pack: &Pack) -> PackRow {
    let (status, light) = status(visit, pack);
    let covered = coverage(pack);
    let until = pack.in_force.1.map(|day| format!(" – {day}")).unwrap_or_default();
    PackRow {
        name: pack.name.clone(),
        href: format!("/admin/packs/{}", pack.id),
        version: pack.version.clone(),
        status,
        light,
        parent: pack.parent.as_deref().map(|id| name_of(visit, id)).unwrap_or_default(),
        from: pack.in_force.0.map_or_else(|| visit.text("none"), |day| format!("{day}{until}")),
        coverage: format!("{} / {}", covered.carried + covered.reasoned, covered.total),
        scenarios: pack.scenarios.len().to_string(),
    }
}

fn status(visit: &Visit, pack: &Pack) -> (String, Light) {
    let (key, light) = match pack.status {
        Status::Draft => ("pack-draft", Light::DueSoon),
        Status::InForce => ("pack-in-force", Light::Normal),
        Status::Replaced => ("pack-replaced", Light::Done),
        Status::Expired => ("pack-expired", Light::Suspended),
    };
    (visit.text(key), light)
}

fn name_of(visit: &Visit, id: &str) -> String {
    visit.app.packs().find(id).map_or_else(|_| id.to_owned(), |pack| pack.name.clone())
}

async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let result = page(&visit, &id).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, id: &str) -> Result<Response, Error> {
    let pack = &visit.app.packs().find(id)?;
    let parent = pack.parent.as_ref().and_then(|id| visit.app.packs().find(id).ok());
    let units = Units::load(visit).await?;
    let (status, light) = status(visit, pack);
    let rules = rules(visit, pack);
    let calendar = visit.app.packs().calendar();
    let page = AdminPack {
        name: pack.name.clone(),
        links: super::pack_tools::links(visit, pack),
        alarms: super::pack_tools::alarms(visit, pack),
        version: pack.version.clone(),
        status,
        light,
        facts: facts(visit, pack),
        clauses: clauses(visit, pack, &rules),
        roles: roles(visit, pack, &units),
        procedures: pack
            .procedures
            .values()
            .map(|procedure| procedure_table(visit, pack, procedure))
            .collect(),
        parameters: pack
            .parameters
            .values()
            .map(|found| parameter(visit, pack, found, parent.as_deref()))
            .collect(),
        calendar: calendar_table(visit),
        calendar_until: calendar.known_until().to_string(),
    };
    visit.page("packs", &page).await
}

fn facts(visit: &Visit, pack: &Pack) -> Vec<Fact> {
    let fact = |key: &str, value: &str| Fact::new(&visit.text(key), value);
    let covered = coverage(pack);
    let counting =
        visit.text(if pack.counting.start_day_counts { "counting-start" } else { "counting-no-start" });
    let rolling =
        visit.text(if pack.counting.roll_to_working_day { "counting-roll" } else { "counting-no-roll" });
    let mut facts = vec![
        fact(
            "pack-parent",
            &pack.parent.as_deref().map_or_else(|| visit.text("none"), |id| name_of(visit, id)),
        ),
        fact("pack-counting", &format!("{}：{counting}{rolling}", pack.counting.profile)),
        fact("pack-digest", &pack.digest.to_string()),
        fact("coverage", &format!("{} / {}", covered.carried + covered.reasoned, covered.total)),
    ];
    if let Some(from) = pack.in_force.0 {
        facts.insert(1, fact("in-force-from", &from.to_string()));
    }
    facts
}

/// Which rules carry each clause, in words.
fn rules(visit: &Visit, pack: &Pack) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut note = |ids: &[String], words: String| {
        for id in ids {
            let list = found.entry(id.clone()).or_default();
            if !list.contains(&words) {
                list.push(words.clone());
            }
        }
    };
    for procedure in pack.procedures.values() {
        let name = words::procedure(visit, procedure);
        note(&procedure.clauses, visit.text_with("carried-procedure", &[("name", &name)]));
        let attachments = procedure.attachments.iter().flat_map(|rule| &rule.clauses).cloned();
        note(&attachments.collect::<Vec<_>>(), visit.text_with("carried-procedure", &[("name", &name)]));
        for step in &procedure.steps {
            let step_name = words::step(visit, step);
            let mut ids: Vec<String> = step.clauses.clone();
            for action in &step.actions {
                ids.extend(action.clauses.iter().cloned());
                ids.extend(action.requires.iter().flat_map(|condition| condition.clauses.iter().cloned()));
                let branches = action.then.iter().filter_map(|branch| branch.when.as_ref());
                ids.extend(branches.flat_map(|condition| condition.clauses.iter().cloned()));
            }
            note(&ids, visit.text_with("carried-step", &[("name", &name), ("step", &step_name)]));
            if let Some(clock) = &step.clock {
                note(&clock.clauses, visit.text_with("carried-clock", &[("step", &step_name)]));
            }
        }
        let apart = procedure.separations.iter().flat_map(|rule| &rule.clauses).cloned();
        note(&apart.collect::<Vec<_>>(), visit.text_with("carried-separation", &[("name", &name)]));
    }
    for form in pack.forms.values() {
        note(&form.clauses, visit.text_with("carried-form", &[("name", &visit.pick(&form.title, &form.en))]));
    }
    for parameter in pack.parameters.values() {
        note(&parameter.clauses, visit.text_with("carried-parameter", &[("name", &parameter.name)]));
    }
    for role in pack.roles.values() {
        note(&role.clauses, visit.text_with("carried-role", &[("name", &visit.pick(&role.key, &role.en))]));
    }
    for duty in &pack.duties {
        note(&duty.clauses, visit.text_with("carried-duty", &[("name", &visit.pick(&duty.name, &duty.en))]));
    }
    found
}

fn clauses(visit: &Visit, pack: &Pack, rules: &BTreeMap<String, Vec<String>>) -> Vec<PackClause> {
    let one = |clause: &app::regulation::pack::Clause| {
        let carried = rules.get(&clause.id);
        let reason = pack.not_automated.get(&clause.id).map(ToString::to_string).unwrap_or_default();
        PackClause {
            id: words::clause_anchor(&clause.id),
            label: if clause.pack == pack.id {
                clause.label.clone()
            } else {
                visit.text_with("clause-of-parent", &[("label", &clause.label)])
            },
            summary: clause.summary.clone(),
            carried_by: carried.map_or(reason, |list| list.join("；")),
            automated: carried.is_some(),
        }
    };
    // The pack's own clauses first, then what it inherits.
    let (mut own, mut inherited): (Vec<_>, Vec<_>) =
        pack.clauses.values().partition(|clause| clause.pack == pack.id);
    own.sort_by_cached_key(|clause| reading_order(&clause.id));
    inherited.sort_by_cached_key(|clause| reading_order(&clause.id));
    own.into_iter().chain(inherited).map(one).collect()
}

/// The order in which a text is read: 一 before 二, 九 before 十, body before annexes.
fn reading_order(id: &str) -> Vec<(u32, String)> {
    id.split('.').map(part_order).collect()
}

fn part_order(part: &str) -> (u32, String) {
    let numerals = "一二三四五六七八九";
    let mut number = 0;
    for c in part.chars() {
        let digit = numerals.chars().position(|found| found == c).and_then(|at| u32::try_from(at + 1).ok());
        match (c, digit.or_else(|| c.to_digit(10))) {
            ('十', _) if number == 0 => number = 10,
            ('十', _) => number *= 10,
            (_, Some(digit)) if c.is_ascii_digit() => number = number * 10 + digit,
            (_, Some(digit)) => number += digit,
            // Words come after numbers, in their own order.
            (_, None) => return (u32::MAX, part.to_owned()),
        }
    }
    (number, String::new())
}

fn roles(visit: &Visit, pack: &Pack, units: &Units) -> Vec<PackRole> {
    let bound = |role: &app::regulation::pack::Role| {
        use app::regulation::pack::Binding;
        let names: Vec<String> = role.units.iter().map(|unit| units.name(visit, unit)).collect();
        let how = match &role.binding {
            Binding::Fixed => String::new(),
            Binding::Opener => visit.text("binding-opener"),
            Binding::Fact(fact) => visit.text_with("binding-fact", &[("fact", fact)]),
            Binding::Anyone => visit.text("binding-anyone"),
        };
        [names.join("、"), how].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("；")
    };
    let one = |role: &app::regulation::pack::Role| PackRole {
        role: visit.pick(&role.key, &role.en),
        unit: bound(role),
    };
    pack.roles.values().map(one).collect()
}

/// Steps down, roles across: in each cell what the role may do there.
fn procedure_table(visit: &Visit, pack: &Pack, procedure: &Procedure) -> PackProcedure {
    let mut acting: Vec<&String> = Vec::new();
    for step in &procedure.steps {
        for role in [&step.role].into_iter().chain(&step.joint) {
            if !acting.contains(&role) {
                acting.push(role);
            }
        }
    }
    let column = |label: String| TableColumn { label, numeric: false };
    let mut columns = vec![column(visit.text("step"))];
    columns.extend(acting.iter().map(|role| column(words::role(visit, pack, role))));
    columns.push(column(visit.text("clock")));
    let row = |step: &Step| {
        let mut cells = vec![words::step(visit, step)];
        let acts = |role: &String| *role == step.role || step.joint.contains(role);
        cells.extend(acting.iter().map(|role| if acts(role) { may(visit, step) } else { String::new() }));
        cells.push(step.clock.as_ref().map(|clock| words::clock(visit, clock)).unwrap_or_default());
        cells
    };
    let form = procedure.form.as_ref().and_then(|id| pack.forms.get(id));
    PackProcedure {
        name: words::procedure(visit, procedure),
        href: format!("/admin/packs/{}/procedures/{}", pack.id, encode(&procedure.id)),
        form: form.map(|form| visit.pick(&form.title, &form.en)).unwrap_or_default(),
        steps: Table {
            caption: words::procedure(visit, procedure),
            columns,
            rows: procedure.steps.iter().map(row).collect(),
            marks: Vec::new(),
            rows_more: None,
        },
    }
}

fn may(visit: &Visit, step: &Step) -> String {
    let label = |action: &app::regulation::pack::Action| {
        let (zh, en) = command_words(action.command);
        visit.pick(action.label.as_deref().unwrap_or(zh), action.label_en.as_deref().unwrap_or(en))
    };
    step.actions.iter().map(label).collect::<Vec<_>>().join(&visit.text("list-comma"))
}

fn parameter(visit: &Visit, pack: &Pack, found: &Parameter, parent: Option<&Pack>) -> PackParameter {
    let inherited = parent.and_then(|parent| parent.parameters.get(&found.name));
    let bound = visit.text(match found.bound {
        Bound::Floor => "bound-floor",
        Bound::Ceiling => "bound-ceiling",
        Bound::Fixed => "bound-fixed",
        Bound::Open => "bound-open",
    });
    let labels: Vec<String> =
        words::clauses_of(pack, &found.clauses).into_iter().map(|clause| clause.label).collect();
    PackParameter {
        name: found.name.clone(),
        value: value(visit, &found.value),
        parent_value: inherited.map(|parameter| value(visit, &parameter.value)).unwrap_or_default(),
        bound,
        clause: if found.local_choice { visit.text("local-choice") } else { labels.join("、") },
    }
}

fn value(visit: &Visit, found: &Value) -> String {
    match found {
        Value::Period(period) => words::period(visit, *period),
        Value::Limit(comparator, inner) => {
            let key = match comparator {
                Comparator::Less => "limit-less",
                Comparator::AtMost => "limit-at-most",
                Comparator::AtLeast => "limit-at-least",
                Comparator::More => "limit-more",
            };
            visit.text_with(key, &[("value", &value(visit, inner))])
        }
        Value::Ratio(ppm) => format!("{}%", decimal(*ppm, 10_000)),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => visit.text(if *flag { "yes" } else { "no" }),
        Value::Text(text) => text.clone(),
        Value::List(items) => items.join("、"),
    }
}

fn decimal(number: i64, unit: i64) -> String {
    let (whole, part) = (number / unit, (number % unit).abs());
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:04}").trim_end_matches('0').to_owned() }
}

/// The holidays and make-up days of this year and the next that are known.
fn calendar_table(visit: &Visit) -> Table {
    use app::regulation::calendar::Reason;
    let calendar = visit.app.packs().calendar();
    let year = visit.today().year();
    let mut rows = Vec::new();
    if let (Ok(first), until) = (base::Date::new(year, 1, 1), calendar.known_until()) {
        for day in (first.days()..=until.days()).map(base::Date::from_days) {
            let (_, reason) = calendar.is_working_day(day);
            let key = match reason {
                Reason::Holiday { .. } => "calendar-holiday",
                Reason::MakeUp { .. } => "calendar-make-up",
                _ => continue,
            };
            rows.push(vec![words::day(visit, day), visit.text(key), words::reason(visit, &reason)]);
        }
    }
    let column = |key: &str| TableColumn { label: visit.text(key), numeric: false };
    Table {
        caption: visit.text_with("calendar-of", &[("year", &year.to_string())]),
        columns: vec![column("clock-date"), column("calendar-kind"), column("clock-reason")],
        rows,
        marks: Vec::new(),
        rows_more: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_stand_in_the_order_of_the_text() {
        let mut ids =
            ["x.附件5.一", "x.十.一", "x.九", "x.三.二", "x.三.一.2", "x.一", "x.十二", "x.三.一.10"];
        ids.sort_by_cached_key(|id| reading_order(id));
        assert_eq!(
            ids,
            ["x.一", "x.三.一.2", "x.三.一.10", "x.三.二", "x.九", "x.十.一", "x.十二", "x.附件5.一"]
        );
    }

    #[test]
    fn ratios_are_written_as_percent() {
        assert_eq!(decimal(500_000, 10_000), "50");
        assert_eq!(decimal(455_000, 10_000), "45.5");
    }
}
