//! Sets the stage over the public interfaces: two authorised operators, and the population granted to them.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::delivery::{request, upload};
use crate::population::Population;
use crate::story::{Applicant, move_clock, play, until};

/// Accounts that deliver data and may see what they delivered.
pub(crate) const PROVIDERS: [&str; 2] = ["civil.officer", "market.officer"];
/// The engineer who attacks.
pub(crate) const ENGINEER: &str = "operator.engineer";
/// A colleague of the same unit.
pub(crate) const SECOND: &str = "operator.second";
/// The operator's manager.
pub(crate) const MANAGER: &str = "operator.manager";
/// Manager and engineer of another operator.
pub(crate) const OTHER_MANAGER: &str = "other.manager";
/// See [`OTHER_MANAGER`].
pub(crate) const OTHER_ENGINEER: &str = "other.engineer";

const OTHER_WORDS: &[(&str, &str)] = &[
    ("样例数运公司", "另例数据公司"),
    ("operator.manager", OTHER_MANAGER),
    ("operator.engineer", OTHER_ENGINEER),
    ("huzhou-shuyun", "other-operator"),
    ("〔2026〕", "〔2026〕另"),
];

/// Names of the planted tables.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Tables {
    /// Persons under a strict mask profile: what statistics are attacked on.
    pub(crate) persons: String,
    /// Their visits to clinics.
    pub(crate) visits: String,
    /// Enterprises.
    pub(crate) enterprises: String,
    /// A public list of villages.
    pub(crate) villages: String,
    /// A short public list of numbers.
    pub(crate) numbers: String,
    /// Persons under a profile as the demonstration's own: what masks are attacked on.
    pub(crate) register: String,
}

impl Tables {
    fn all(&self) -> [&String; 6] {
        [&self.persons, &self.visits, &self.register, &self.enterprises, &self.villages, &self.numbers]
    }
}

/// A planted resource.
struct Planted<'a> {
    provider: &'static str,
    code: &'a str,
    name: &'static str,
    entity: Value,
    csv: String,
    columns: Vec<Value>,
}

/// What the attacks stand on.
pub(crate) struct Stage {
    pub(crate) tables: Tables,
    /// The attacked operator's authorisation.
    pub(crate) tenant: String,
    /// The other operator's, where it could be had.
    pub(crate) other: Option<String>,
    /// The demonstration that is served.
    pub(crate) county: String,
    /// Ids of the planted resources by code.
    pub(crate) resources: Vec<(String, String)>,
    /// Who went through the procedure, with what was saved on the way.
    pub(crate) applicants: Mutex<Vec<Applicant>>,
    /// What had to be done, for the report.
    pub(crate) done: Vec<String>,
}

impl Stage {
    /// The same tables for another authorisation.
    pub(crate) fn of(&self, tenant: &str) -> Self {
        Self {
            tables: self.tables.clone(),
            tenant: tenant.to_owned(),
            other: None,
            county: self.county.clone(),
            resources: self.resources.clone(),
            applicants: Mutex::default(),
            done: Vec::new(),
        }
    }
}

/// Sets the stage.
pub(crate) async fn set(
    client: &Client,
    county: &str,
    population: &Population,
    register: std::ops::Range<usize>,
) -> Result<Stage> {
    let mut done = Vec::new();
    let (tenant, other, applicants) = authorise(client, county, &mut done).await?;
    eprintln!("two operators authorised");
    let mark = &population.mark;
    let tables = Tables {
        persons: format!("persons_{mark}"),
        visits: format!("visits_{mark}"),
        enterprises: format!("firms_{mark}"),
        villages: format!("villages_{mark}"),
        numbers: format!("numbers_{mark}"),
        register: format!("register_{mark}"),
    };
    let mut resources = Vec::new();
    if let Some(found) = planted_before(client, &tenant, &tables).await? {
        done.push("the tables of an earlier run of this seed were reused".to_owned());
        return Ok(Stage {
            tables,
            tenant,
            other,
            county: county.to_owned(),
            resources: found,
            applicants: Mutex::new(applicants),
            done,
        });
    }
    for planted in plan(&tables, population, register) {
        resources.push((planted.code.to_owned(), plant(client, &planted).await?));
    }
    done.push(format!("{} resources registered, uploaded and classified by two providers", resources.len()));
    eprintln!("population planted");
    for (who, tenant) in [(MANAGER, Some(&tenant)), (OTHER_MANAGER, other.as_ref())] {
        if let Some(tenant) = tenant {
            grant(client, who, tenant, &tables).await.with_context(|| format!("a grant for {who}"))?;
        }
    }
    done.push(
        "the five resources granted to both operators by a data request and the providers' approval"
            .to_owned(),
    );
    Ok(Stage {
        tables,
        tenant,
        other,
        county: county.to_owned(),
        resources,
        applicants: Mutex::new(applicants),
        done,
    })
}

/// The planted resources, if the authorisation has them all.
async fn planted_before(
    client: &Client,
    tenant: &str,
    tables: &Tables,
) -> Result<Option<Vec<(String, String)>>> {
    let listed = client.get(ENGINEER, &format!("/api/v1/tenants/{tenant}/tables")).await?.json();
    let listed = listed.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |code: &String| {
        let own = listed.iter().find(|table| table.get("name").and_then(Value::as_str) == Some(code))?;
        Some((code.clone(), own.get("resource")?.as_str()?.to_owned()))
    };
    let all = tables.all();
    Ok(all.into_iter().map(id).collect())
}

/// The authorisations: those that are open already, or new ones by the whole procedure.
async fn authorise(
    client: &Client,
    county: &str,
    done: &mut Vec<String>,
) -> Result<(String, Option<String>, Vec<Applicant>)> {
    let tenants = client.get("bureau.officer", "/api/v1/tenants").await?.json();
    let items = tenants.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
    let open = |unit: &str| {
        let own = |item: &&Value| {
            item.get("unit_code").and_then(Value::as_str) == Some(unit)
                && item.get("state").and_then(Value::as_str) == Some("active")
        };
        items.iter().find(own).and_then(|item| item.get("id")).and_then(Value::as_str).map(str::to_owned)
    };
    if let Some(tenant) = open("huzhou-shuyun") {
        done.push("the authorisation of the running server was reused".to_owned());
        return Ok((tenant, open("other-operator"), Vec::new()));
    }
    let with_other = client.token(OTHER_ENGINEER, false).await.is_ok();
    let mut applicants = vec![Applicant::new("huzhou-shuyun", &[])];
    if with_other {
        applicants.push(Applicant::new("other-operator", OTHER_WORDS));
    }
    let stage = |title: &str, _: &str| {
        title.split_once('.').is_some_and(|(number, _)| matches!(number.parse::<u8>(), Ok(1..=7)))
    };
    play(client, county, &mut applicants, stage).await?;
    done.push(format!(
        "{} authorisation(s) by the whole procedure: announcement, application, correction, providers, experts, resolution, publication, filing, agreement, training",
        applicants.len()
    ));
    let mut found = applicants.iter().map(|applicant| applicant.saved("tenant"));
    let tenant = found.next().context("no applicant")??;
    let other = found.next().transpose()?;
    Ok((tenant, other, applicants))
}

/// A column: name, kind, level, label, mask.
pub(crate) fn column(name: &str, kind: &str, level: u8, label: &str, mask: Value) -> Value {
    json!({ "column": name, "kind": kind, "level": level, "label": label, "mask": mask,
            "note": "虚构的演示数据" })
}

fn keep() -> Value {
    json!({ "method": "keep" })
}

fn null() -> Value {
    json!({ "method": "null" })
}

fn format(kind: &str) -> Value {
    json!({ "method": "format", "kind": kind })
}

/// Decisions about the register of persons: under a strict profile what twins keep says nothing about a target.
fn person(strict: bool) -> Vec<Value> {
    let either = |weak: Value| if strict { null() } else { weak };
    vec![
        column("id_number", "resident_id", 4, "identifier", format("resident_id")),
        column("name", "person_name", 3, "identifier", format("person_name")),
        column("phone", "mobile", 3, "identifier", format("mobile")),
        column("district", "general", 1, "public", keep()),
        column("zone", "general", 1, "public", keep()),
        column("village", "general", 2, "quasi", either(keep())),
        column("team", "general", 2, "quasi", either(keep())),
        column("sex", "general", 2, "quasi", keep()),
        column(
            "birth_date",
            "birth_date",
            2,
            "quasi",
            json!({ "method": "shift_date", "days_max": if strict { 3650 } else { 30 } }),
        ),
        column("household", "general", 2, "quasi", keep()),
        column("flag", "general", 3, "sensitive", either(keep())),
        column("income", "general", 3, "sensitive", either(json!({ "method": "noise", "per_mille": 100 }))),
        column("grade", "general", 3, "sensitive", either(keep())),
        column(
            "illness",
            "medical",
            4,
            "sensitive",
            either(json!({ "method": "token", "domain": "illness" })),
        ),
        column("relief", "general", 3, "sensitive", null()),
        column("note", "general", 3, "sensitive", either(keep())),
    ]
}

fn plan<'a>(
    tables: &'a Tables,
    population: &Population,
    register: std::ops::Range<usize>,
) -> Vec<Planted<'a>> {
    let all = 0..population.plots.len();
    vec![
        Planted {
            provider: "civil.officer",
            code: &tables.persons,
            name: "虚构人口信息",
            entity: json!({ "kind": "person", "columns": ["id_number"], "protected": true }),
            csv: population.persons_csv(all),
            columns: person(true),
        },
        Planted {
            provider: "civil.officer",
            code: &tables.visits,
            name: "虚构就诊信息",
            entity: json!({ "kind": "person", "columns": ["id_number"], "protected": true }),
            csv: population.visits_csv(),
            columns: vec![
                column("id_number", "resident_id", 4, "identifier", format("resident_id")),
                column("district", "general", 1, "public", keep()),
                column("clinic", "general", 1, "public", keep()),
                column("cost", "general", 3, "sensitive", null()),
                column("urgent", "general", 3, "sensitive", keep()),
            ],
        },
        Planted {
            provider: "civil.officer",
            code: &tables.register,
            name: "虚构人口登记信息",
            entity: json!({ "kind": "person", "columns": ["id_number"], "protected": true }),
            csv: population.persons_csv(register),
            columns: person(false),
        },
        Planted {
            provider: "market.officer",
            code: &tables.enterprises,
            name: "虚构企业营收信息",
            entity: json!({ "kind": "enterprise", "columns": ["credit_code"], "protected": true }),
            csv: population.enterprises_csv(),
            columns: vec![
                column("credit_code", "credit_code", 2, "identifier", format("credit_code")),
                column("district", "general", 1, "public", keep()),
                column("industry", "general", 1, "public", keep()),
                column("turnover", "general", 3, "sensitive", null()),
            ],
        },
        Planted {
            provider: "market.officer",
            code: &tables.villages,
            name: "虚构村居名录",
            entity: json!({ "kind": "village", "columns": ["village"], "protected": false }),
            csv: population.villages_csv(),
            columns: vec![
                column("village", "general", 1, "public", keep()),
                column("district", "general", 1, "public", keep()),
                column("region", "general", 1, "public", keep()),
                column("number", "general", 1, "public", keep()),
            ],
        },
        Planted {
            provider: "market.officer",
            code: &tables.numbers,
            name: "虚构数列",
            entity: json!({ "kind": "number", "columns": ["number"], "protected": false }),
            csv: (1..=20).fold("number\n".to_owned(), |csv, number| format!("{csv}{number}\n")),
            columns: vec![column("number", "general", 1, "public", keep())],
        },
    ]
}

async fn plant(client: &Client, planted: &Planted<'_>) -> Result<String> {
    let made = client
        .post(
            planted.provider,
            "/api/v1/resources",
            json!({
                "code": planted.code, "name_zh": planted.name, "name_en": planted.code,
                "description": "每次攻击测试重新生成的虚构数据", "update_frequency": "never",
                "openness": "conditional", "entity": planted.entity,
            }),
        )
        .await?
        .done(planted.code)?;
    let id = made.text("/id");
    upload(client, planted.provider, &id, planted.csv.clone()).await?;
    let path = format!("/api/v1/resources/{id}/classification");
    client.post(planted.provider, &path, json!({ "columns": planted.columns })).await?.done(planted.code)?;
    Ok(id)
}

/// Asks for the tables, lets their providers agree and waits until they can be used.
async fn grant(client: &Client, who: &str, tenant: &str, tables: &Tables) -> Result<()> {
    move_clock(client, "2026-10-26 09:00").await?;
    let names = tables.all();
    request(client, who, tenant, &names, &PROVIDERS).await?;
    let wanted: Vec<(String, Value)> =
        (0..names.len()).map(|place| (format!("/grants/{place}/state"), json!("ready"))).collect();
    let path = format!("/api/v1/tenants/{tenant}");
    until(client, &wanted, async || {
        let answer = client.get(who, &path).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if ["\"failed\"", "\"refused\""].iter().any(|state| text.contains(state)) {
            bail!("a grant failed: {}", answer.shown());
        }
        Ok(answer)
    })
    .await?;
    Ok(())
}

/// A command in a case.
pub(crate) async fn act(client: &Client, who: &str, case: &str, body: Value) -> Result<()> {
    let path = format!("/api/v1/cases/{case}/commands");
    client.post(who, &path, body).await?.done(&format!("{who} in a case"))?;
    Ok(())
}
