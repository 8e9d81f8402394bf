//! What people and the clock do in a grown installation, and how long it takes.

use std::path::Path;
use std::time::{Duration, Instant};

use access::Principal;
use anyhow::{Context as _, Result, ensure};
use app::cases::{self, ActRequest, OpenRequest, TaskBox};
use app::regulation::case::scenario::sample_form;
use app::{App, Ctx, clock, duties};
use base::limit::PAGE_ROWS_MAX;
use base::{Id, kind};
use serde_json::{Value, json};

use crate::grow::{config, unit};
use crate::{BEGIN, BUREAU, case_id, id_of, is_due, is_long, law, operator, somebody};

/// Lines of a page of the inbox.
const ROWS: u32 = 50;
/// How often what people do all day is tried.
const TURNS: usize = 200;
/// How often what is written is tried.
const WRITES: usize = 60;
/// How often the sweep runs while nothing is due.
const SWEEPS: usize = 5;
/// Up to so many cases it is measured what happens once a year: all of them are counted with a new calendar.
const COUNTED_AGAIN_MAX: u32 = 10_000;
const DAY: i64 = 86_400;
/// Procedures and steps in which the bureau can act with nothing else of the platform there than an authorisation, and how.
const PLAIN: [(&str, &str, &str); 3] = [
    ("信息发布", "发布公告", "withdraw"),
    ("培训考核", "岗前培训", "return_for_correction"),
    ("年度报告", "年度评估", "return_for_correction"),
];

/// Figures so far.
struct Figures(Vec<Value>);

impl Figures {
    fn add(&mut self, what: &str, mut spent: Vec<Duration>) {
        spent.sort();
        let at =
            |share: usize| spent.get((spent.len() * share / 100).min(spent.len().saturating_sub(1))).copied();
        let millis = |share| at(share).map(|spent| spent.as_secs_f64() * 1e3);
        self.0.push(json!({ "what": what, "p50": millis(50), "p95": millis(95), "turns": spent.len() }));
    }
}

/// Measures everything once.
///
/// # Errors
/// If the application refuses.
pub(crate) async fn run(data: &Path, database: &str, cases: u32) -> Result<Value> {
    let sources = law::built_in()?;
    let start = Instant::now();
    let app = App::open(config(data, database), &sources).await?;
    let opened_in = start.elapsed();
    drop(sources);
    let resident_first = memory("VmRSS:")?;
    let mut figures = Figures(Vec::new());
    // What is owed is opened and counted before the clock, so that the sweeps below find nothing of it.
    let start = Instant::now();
    ring(&app, 1).await?;
    figures.add("first sweep: what is owed is opened", vec![start.elapsed()]);
    let (bureau, one) = (&ctx(&app, BUREAU), &ctx(&app, &operator(0)));
    inboxes(&app, bureau, one, &mut figures).await?;
    pages(&app, bureau, cases, &mut figures).await?;
    lists(&app, bureau, one, &mut figures).await?;
    writes(&app, cases, &mut figures).await?;
    let mut quiet = Vec::new();
    for _ in 0..SWEEPS {
        let start = Instant::now();
        ring(&app, 1).await?;
        quiet.push(start.elapsed());
    }
    figures.add("sweep, nothing due", quiet);
    let start = Instant::now();
    ring(&app, DAY).await?;
    let due = (0..cases).filter(|number| is_due(*number) && !is_long(*number)).count();
    figures.add("sweep, 1 % due", vec![start.elapsed()]);
    let counts = cases::counts(&app, bureau).await?;
    app.close().await;
    if cases <= COUNTED_AGAIN_MAX {
        figures.add("all counted again after a notice of holidays", vec![again(data, database).await?]);
    }
    Ok(json!({
        "figures": figures.0, "opened_millis": opened_in.as_secs_f64() * 1e3, "due": due,
        "todo": counts.todo, "participates": counts.cc,
        "resident_first": resident_first, "resident": memory("VmRSS:")?, "peak": memory("VmHWM:")?,
    }))
}

/// A sweep after a calendar has changed.
async fn again(data: &Path, database: &str) -> Result<Duration> {
    let mut sources = law::built_in()?;
    for source in sources.iter_mut().filter(|source| source.id == "national") {
        for (_, text) in source.files.iter_mut().filter(|(path, _)| path.starts_with("calendar/")) {
            text.push_str("# again\n");
        }
    }
    let app = App::open(config(data, database), &sources).await?;
    let start = Instant::now();
    ring(&app, 1).await?;
    let spent = start.elapsed();
    app.close().await;
    Ok(spent)
}

/// Lets time pass; the clocks of cases have rung when it answers.
async fn ring(app: &App, seconds: i64) -> Result<()> {
    clock::move_to(app, app.now().plus_seconds(seconds)).await?;
    Ok(())
}

/// Somebody of a unit, signed in.
fn ctx(app: &App, code: &str) -> Ctx {
    let unit = unit(code);
    let who = somebody(code);
    let now = app.now();
    let session = id_of(BEGIN, "session");
    let principal =
        Principal::person(who.person, (unit.id, &unit.code), &unit.roles, session, now.plus_seconds(36_000));
    Ctx {
        principal,
        person_name: who.person_name,
        unit_name: who.unit_name,
        now,
        request: id_of(BEGIN, "request"),
        idempotency_key: None,
    }
}

/// The lists of the unit that sees most, and of an operator.
async fn inboxes(app: &App, bureau: &Ctx, one: &Ctx, figures: &mut Figures) -> Result<()> {
    let todo = cases::counts(app, bureau).await?.todo;
    ensure!(todo > 0, "the busy unit has nothing to do");
    let (mut far, mut passed) = (None, 0);
    while passed < todo / 2 {
        let page = cases::inbox(app, bureau, TaskBox::Todo, far.as_deref(), PAGE_ROWS_MAX).await?;
        passed += u64::try_from(page.items.len())?;
        if page.next.is_none() {
            break;
        }
        far = page.next;
    }
    let lists = [
        ("inbox by due day, first page", bureau, TaskBox::Todo, None),
        ("inbox by due day, page in the middle", bureau, TaskBox::Todo, far.as_deref()),
        ("cases the unit takes part in, first page", bureau, TaskBox::Cc, None),
        ("inbox of an operator", one, TaskBox::Todo, None),
    ];
    for (what, ctx, which, after) in lists {
        let mut spent = Vec::new();
        for _ in 0..TURNS {
            let start = Instant::now();
            cases::inbox(app, ctx, which, after, ROWS).await?;
            spent.push(start.elapsed());
        }
        figures.add(what, spent);
    }
    let mut spent = Vec::new();
    for _ in 0..TURNS {
        let start = Instant::now();
        cases::counts(app, bureau).await?;
        spent.push(start.elapsed());
    }
    figures.add("counts of the four lists", spent);
    Ok(())
}

/// Pages of cases, each of another county.
async fn pages(app: &App, bureau: &Ctx, cases: u32, figures: &mut Figures) -> Result<()> {
    let usual: Vec<u32> =
        (0..cases).map(|turn| turn.wrapping_mul(7_919) % cases).filter(|number| !is_long(*number)).collect();
    let long: Vec<u32> = (0..cases).filter(|number| is_long(*number)).collect();
    for (what, numbers) in [("case page, usual history", usual), ("case page, long history", long)] {
        let mut spent = Vec::new();
        for number in numbers.iter().cycle().take(TURNS.max(numbers.len().min(2 * TURNS))) {
            let start = Instant::now();
            match cases::case_view(app, bureau, case_id(*number)).await {
                Ok(_) => spent.push(start.elapsed()),
                // Not every case is the bureau's to read.
                Err(error) if error.code() == "case.unknown" => {}
                Err(error) => return Err(error.into()),
            }
        }
        ensure!(!spent.is_empty(), "no case could be read: {what}");
        figures.add(what, spent);
    }
    Ok(())
}

/// The due lists of who oversees all and of who owes.
async fn lists(app: &App, bureau: &Ctx, one: &Ctx, figures: &mut Figures) -> Result<()> {
    for (what, ctx, turns) in
        [("due list of who oversees all", bureau, TURNS / 2), ("due list of an operator", one, TURNS)]
    {
        let mut spent = Vec::new();
        for _ in 0..turns {
            let start = Instant::now();
            let found = duties::duties(app, ctx).await?;
            spent.push(start.elapsed());
            ensure!(!found.items.is_empty(), "nothing is due for {}", ctx.unit_name);
        }
        figures.add(what, spent);
    }
    Ok(())
}

/// Opening, acting in what was opened, acting in what was there.
async fn writes(app: &App, cases: u32, figures: &mut Figures) -> Result<()> {
    let pack = app.packs().current();
    let form = pack.forms.get("附件1").context("no announcement form")?;
    let today = app.now().date_at(pack.counting.utc_offset_seconds);
    let request = OpenRequest {
        procedure: "信息发布".to_owned(),
        title: "bench".to_owned(),
        form: sample_form(form, today, &std::collections::BTreeMap::new(), None).0,
        attachments: Vec::new(),
        facts: std::collections::BTreeMap::new(),
    };
    let mut opened = Vec::new();
    let mut spent = Vec::new();
    for _ in 0..WRITES {
        let ctx = ctx(app, BUREAU);
        let start = Instant::now();
        opened.push(cases::open(app, &ctx, &request).await?.id);
        spent.push(start.elapsed());
    }
    figures.add("opening a case", spent);
    let opinion: ActRequest = serde_json::from_value(json!({ "command": "evaluate", "opinion": "bench" }))?;
    let mut spent = Vec::new();
    for id in opened {
        let ctx = ctx(app, "expert-panel");
        let start = Instant::now();
        cases::act(app, &ctx, id, &opinion).await?;
        spent.push(start.elapsed());
    }
    figures.add("acting in a new case", spent);
    let (mut spent, mut refused) = (Vec::new(), None);
    for (id, command) in old(app, cases).await? {
        let request: ActRequest = serde_json::from_value(match command {
            "withdraw" => json!({ "command": command }),
            _ => json!({
                "command": command, "opinion": "bench", "defects": [{ "field": "bench", "note": "bench" }],
            }),
        })?;
        let ctx = ctx(app, BUREAU);
        let start = Instant::now();
        match cases::act(app, &ctx, id, &request).await {
            Ok(_) => spent.push(start.elapsed()),
            Err(error) => refused = Some(error),
        }
    }
    ensure!(!spent.is_empty(), "no old case could be acted in: {refused:?}");
    figures.add("acting in an old case", spent);
    Ok(())
}

/// Cases among those that wait for the bureau in which it can act, and by which command.
async fn old(app: &App, cases: u32) -> Result<Vec<(Id<kind::Case>, &'static str)>> {
    let ctx = ctx(app, BUREAU);
    let (mut found, mut after) = (Vec::new(), None);
    while found.len() < WRITES {
        let page = cases::inbox(app, &ctx, TaskBox::Todo, after.as_deref(), PAGE_ROWS_MAX).await?;
        found.extend(page.items.iter().filter_map(|item| {
            let step = item.case.step.as_deref();
            let plain =
                PLAIN.iter().find(|(procedure, at, _)| item.case.procedure == *procedure && step == Some(at));
            plain.map(|(_, _, command)| (item.case.id, *command))
        }));
        if page.next.is_none() {
            break;
        }
        after = page.next;
    }
    ensure!(!found.is_empty(), "none of {cases} cases can be acted in");
    found.truncate(WRITES);
    Ok(found)
}

/// A line of this process's memory. *Units*: bytes.
fn memory(line: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|text| text.strip_prefix(line)).context("no such line")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
