//! Fills an empty installation: packs, units, authorisations, cases.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use access::{Role, Standing};
use anyhow::{Result, ensure};
use app::identity::Unit;
use app::packs::PackSource;
use app::tenants::{Tenant, TenantState};
use app::{App, Config, clock};
use base::{Date, Digest, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::records::{Expected, Key, Record, put};
use storage::{Error, Store, StoreConfig, Tx, events};
use uuid::Uuid;

use crate::law::{Law, county_id};
use crate::story::{County, Story, Told, stories, tenant_id};
use crate::{BEGIN, BUREAU, JURISDICTION, NOW, counties, id_of, is_due, is_long, operator};

/// How many times the usual events a long history has.
const LONG: usize = 20;
/// So many days ago the last thing happened to a case, equally often each: most clocks still run, some have run out.
const DAYS: [i32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 18, 24, 30, 40];
/// Cases written in one transaction.
const BATCH: u32 = 250;
/// Writers: one prepares while another waits for the disk.
const WRITERS: u32 = 2;

/// The configuration of the installation.
pub(crate) fn config(data: &Path, database: &str) -> Config {
    Config {
        data: data.to_owned(),
        database: database.to_owned(),
        jurisdiction: JURISDICTION.to_owned(),
        fake_clock: Some(NOW.micros()),
        ..Config::default()
    }
}

/// Fills the folder and the database.
///
/// # Errors
/// If the database refuses.
pub(crate) async fn run(data: &Path, database: &str, cases: u32, events: usize) -> Result<Value> {
    let start = Instant::now();
    let law = Law::read()?;
    let config = config(data, database);
    app::migrate(&config).await?;
    let counties = Arc::new(keep_packs(&law, &config, counties(cases)).await?);
    let packs_seconds = start.elapsed().as_secs_f64();
    let (usual, long) = (stories(&law, events, &DAYS)?, stories(&law, events * LONG, &[1])?);
    let (due, quiet): (Vec<Story>, Vec<Story>) = usual.into_iter().partition(|story| story.due);
    let long: Vec<Story> = long.into_iter().filter(|story| !story.due && story.length > events * 5).collect();
    ensure!(!due.is_empty() && !quiet.is_empty() && !long.is_empty(), "too few stories");
    let all = Arc::new(Stories { due, quiet, long });
    let store = Store::open(&StoreConfig { url: config.database_url(), readers: WRITERS }).await?;
    people(&store, &law, u32::try_from(counties.len())?).await?;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, all, counties) = (store.clone(), Arc::clone(&all), Arc::clone(&counties));
        writers.push(tokio::spawn(async move { write(&store, &all, &counties, cases, writer).await }));
    }
    let mut written = 0;
    for writer in writers {
        written += writer.await??;
    }
    store.close().await;
    let mean = |stories: &[Story]| stories.iter().map(|story| story.length).sum::<usize>() / stories.len();
    Ok(json!({
        "cases": cases, "events": written, "packs": counties.len(), "stories": all.quiet.len() + all.due.len(),
        "usual_events": mean(&all.quiet), "long_events": mean(&all.long),
        "packs_seconds": packs_seconds, "seconds": start.elapsed().as_secs_f64(),
    }))
}

/// A version of a pack as the platform keeps it (`app::packs`): cases run under it.
#[derive(Serialize, Deserialize)]
struct Kept {
    digest: Digest,
    parent: Option<Digest>,
    source: PackSource,
}

impl Record for Kept {
    const KIND: &'static str = "pack";
    fn id(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.digest.0).for_each(|(slot, byte)| *slot = byte);
        Uuid::from_bytes(bytes)
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("all", "", 0)]
    }
}

/// Opens the installation, which takes its own pack, and keeps the packs of so many counties beside it.
async fn keep_packs(law: &Law, config: &Config, wanted: u32) -> Result<Vec<County>> {
    let app = App::open(config.clone(), &law.built_in).await?;
    // The clock has rung from the first day on, as it does while an installation grows.
    clock::move_to(&app, app.now().plus_seconds(1)).await?;
    app.close().await;
    let store = Store::open(&StoreConfig { url: config.database_url(), readers: 1 }).await?;
    let mut counties = Vec::new();
    for number in 0..wanted {
        let (source, digest) = law.county(number)?;
        let kept = &Kept { digest, parent: Some(law.parent.digest), source };
        let put = store.system("scale.pack", |tx| {
            Box::pin(async move { put(tx, kept, Expected::New, NOW).await.map(|_| ()) })
        });
        put.await?;
        counties.push(County { number, digest: digest.to_string() });
    }
    store.close().await;
    Ok(counties)
}

struct Stories {
    due: Vec<Story>,
    quiet: Vec<Story>,
    long: Vec<Story>,
}

impl Stories {
    fn tell(&self, number: u32, counties: &[County]) -> Result<Told> {
        let among = match number {
            number if is_long(number) => &self.long,
            number if is_due(number) => &self.due,
            _ => &self.quiet,
        };
        // Far steps through the list, so that neighbours are of different procedures and days.
        let number_wide = usize::try_from(number)?;
        let story = &among[number_wide.wrapping_mul(7_919) % among.len()];
        story.told(number, &counties[number_wide % counties.len()])
    }
}

/// Writes every batch that falls to this writer; answers the number of events.
async fn write(store: &Store, all: &Stories, counties: &[County], cases: u32, writer: u32) -> Result<usize> {
    let mut written = 0;
    let mut first = writer * BATCH;
    while first < cases {
        let last = cases.min(first + BATCH);
        let told = (first..last).map(|number| all.tell(number, counties)).collect::<Result<Vec<_>>>()?;
        written += told.iter().map(|case| case.events.len()).sum::<usize>();
        let told = &told;
        store
            .system("bench.cases", |tx| {
                Box::pin(async move {
                    for case in told {
                        store_case(tx, case).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
        first += WRITERS * BATCH;
    }
    Ok(written)
}

async fn store_case(tx: &mut Tx<'_>, case: &Told) -> Result<(), Error> {
    let stream = format!("case/{}", case.id);
    let mut version = 0;
    for part in case.events.chunks(events::APPEND_MAX) {
        version = events::append(tx, &stream, version, part).await?;
    }
    put(tx, &case.record, Expected::New, case.record.updated_at).await.map(|_| ())
}

/// The units of the packs, the operators, and an authorisation of each.
async fn people(store: &Store, law: &Law, counties: u32) -> Result<()> {
    let mut codes: Vec<String> = law.model.roles.values().flat_map(|role| role.units.clone()).collect();
    codes.push(BUREAU.to_owned());
    codes.sort();
    codes.dedup();
    let mut units: Vec<Unit> = codes.iter().map(|code| unit(code)).collect();
    units.extend((0..counties).map(|county| unit(&operator(county))));
    let tenants: Vec<Tenant> = (0..counties).map(tenant).collect();
    let (units, tenants) = (&units, &tenants);
    store
        .system("bench.people", |tx| {
            Box::pin(async move {
                write_all(tx, units).await?;
                write_all(tx, tenants).await
            })
        })
        .await?;
    Ok(())
}

async fn write_all<R: Record>(tx: &mut Tx<'_>, all: &[R]) -> Result<(), Error> {
    for one in all {
        put(tx, one, Expected::New, BEGIN).await?;
    }
    Ok(())
}

/// A unit as both programs know it.
pub(crate) fn unit(code: &str) -> Unit {
    let roles = match code {
        BUREAU => vec![Role::Authority, Role::Reviewer],
        code if code.starts_with("operator-") => {
            vec![Role::OperatorManager, Role::OperatorEngineer, Role::Applicant]
        }
        code if code.contains("supervision") => vec![Role::Supervisor, Role::Reviewer],
        code if code.ends_with("-bureau") => vec![Role::Provider, Role::Reviewer],
        _ => vec![Role::Reviewer],
    };
    Unit {
        id: id_of(BEGIN, &format!("unit {code}")),
        code: code.to_owned(),
        name: code.to_owned(),
        en: code.to_owned(),
        contact: String::new(),
        roles,
        standing: Standing::Active,
    }
}

fn tenant(county: u32) -> Tenant {
    let operator = unit(&operator(county));
    let today = NOW.date_at(28_800);
    // Agreements of three years, begun on different days of the last two.
    let since: Date = today.plus_days(-30 - i32::try_from(county * 37 % 700).unwrap_or(0));
    Tenant {
        id: tenant_id(county),
        unit: operator.id,
        unit_code: operator.code.clone(),
        unit_name: operator.name,
        title: "bench".to_owned(),
        pack: county_id(county),
        case: None,
        parent: None,
        state: TenantState::Active,
        domain: None,
        agreement: None,
        term: Some((since, since.plus_days(3 * 365))),
        opened: None,
        created: Timestamp::from_micros(BEGIN.micros() + i64::from(county)),
        closed_by: None,
        also_closed_by: Vec::new(),
        former: Vec::new(),
        closed_on: Vec::new(),
        was_open: true,
        certificate: None,
        epoch: 0,
    }
}
