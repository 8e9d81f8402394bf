//! Newer snapshots under a standing grant: what releases before and after say together.

mod flips;
mod forms;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::inflow::{classify, code, ready, request};
use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene, Step};
use crate::delivery::upload;
use crate::lab::{Model, Outcome, Released};
use crate::random::Random;
use crate::score::Guess;
use crate::stage::{ENGINEER, MANAGER, OTHER_MANAGER, act, column};
use crate::story::until;

const PROVIDER: &str = "civil.officer";
/// Teams, each of one target and so many others.
const TEAMS: usize = 24;
const OTHERS: usize = 20;
/// By how much a target's amount changes, if it does.
const CHANGE: u64 = 400;
/// Noise is at most six steps, each of which is up to twice the largest amount.
const STEP_MAX: u64 = 4_800;

const fn attack(id: &'static str, title: &'static str, step: Step, twin: Step) -> Attack {
    Attack { class: Class::Differencing, id, title, kind: Kind::Steps(step), twin: Benign::Steps(twin) }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "D19",
        "one amount changes between two snapshots: the sums before and after",
        changed_once,
        delivered_again,
    ),
    attack(
        "D20",
        "the same between two snapshots of which both leave with noise",
        changed_later,
        delivered_anew,
    ),
    attack(
        "D21",
        "there and back: the noise taken from a state whose sums are known",
        there_and_back,
        delivered_anew,
    ),
    attack(
        "D22",
        "somebody leaves between two snapshots: the number, or that it is missing",
        left,
        delivered_anew,
    ),
    attack("D23", "whether anything of a cell changed: exact again, or not", exact_again, delivered_again),
    attack("D24", "strangers bring a grant up to date, or see that it was", strangers, delivered_again),
    attack(
        "D25",
        "one noisy sum in many forms (turned, doubled, as a mean): do two of them give it without noise?",
        forms::many,
        forms::agree,
    ),
    attack(
        "D44",
        "cells of those who have much come or go when somebody's secret changes, and at no other time",
        flips::come_and_go,
        flips::stay,
    ),
];

/// A table of its own with its grant.
struct Standing<'a> {
    scene: &'a Scene<'a>,
    table: String,
    resource: String,
    grant: String,
    place: usize,
    secrets: Vec<bool>,
}

/// What somebody has at first; the target is the first of a team.
const fn amount(team: usize, member: usize) -> u64 {
    1_000 + ((team * 31 + member * 17) % 97) as u64 * 10
}

/// A file: what each member of each team has, if there.
fn csv(has: impl Fn(usize, usize) -> Option<u64>) -> String {
    let mut text = "person,team,amount\n".to_owned();
    for team in 0..TEAMS {
        for member in 0..=OTHERS {
            if let Some(amount) = has(team, member) {
                text.push_str(&format!("P{team:03}{member:03},T{team:02},{amount}\n"));
            }
        }
    }
    text
}

fn at_first() -> String {
    csv(|team, member| Some(amount(team, member)))
}

impl<'a> Standing<'a> {
    /// Registered, delivered, granted and there.
    async fn new(scene: &'a Scene<'a>, what: &str) -> Result<Self> {
        let (client, table) = (scene.lab.client, code(scene, what));
        let made = client
            .post(PROVIDER, "/api/v1/resources", json!({
                "code": table, "name_zh": "虚构班组收入", "update_frequency": "monthly", "openness": "conditional",
                "entity": { "kind": "person", "columns": ["person"], "protected": true },
            }))
            .await?
            .done("resource")?;
        let resource = made.text("/id");
        upload(client, PROVIDER, &resource, at_first()).await?;
        let columns = json!([
            column("person", "general", 3, "identifier", json!({ "method": "token", "domain": "person" })),
            column("team", "general", 1, "public", json!({ "method": "keep" })),
            column("amount", "general", 3, "sensitive", json!({ "method": "null" })),
        ]);
        classify(scene, PROVIDER, &resource, columns).await?;
        let asked = request(scene, MANAGER, &scene.lab.stage.tenant, &table).await?.done("data request")?;
        let facts = json!({ "含禁止开放数据": false, "符合最小必要": true, "已脱敏或者取得同意": true });
        act(client, PROVIDER, &asked.text("/id"), json!({ "command": "approve", "facts": facts })).await?;
        ready(scene, MANAGER, &table).await?;
        let seen = client.get(MANAGER, &format!("/api/v1/tenants/{}", scene.lab.stage.tenant)).await?.json();
        let grants = seen.pointer("/grants").and_then(Value::as_array).context("grants")?;
        let own = |grant: &Value| grant.get("code").and_then(Value::as_str) == Some(&table);
        let place = grants.iter().position(own).context("no grant")?;
        let grant = grants.get(place).and_then(|grant| grant.get("id")).and_then(Value::as_str);
        let grant = grant.context("no grant")?.to_owned();
        let seed = table.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31) + u64::from(byte));
        let mut random = Random::new(seed);
        let secrets = (0..TEAMS).map(|_| random.bit()).collect();
        Ok(Self { scene, table, resource, grant, place, secrets })
    }

    fn secret(&self, team: usize) -> bool {
        self.secrets.get(team).copied().unwrap_or_default()
    }

    /// What the target has more in the secret state.
    fn more(&self, team: usize, member: usize) -> u64 {
        if member == 0 && self.secret(team) { CHANGE } else { 0 }
    }

    /// A newer snapshot, and the grant brought up to date.
    async fn renew(&self, csv: String, state: &str) -> Result<()> {
        let client = self.scene.lab.client;
        upload(client, PROVIDER, &self.resource, csv).await?;
        let path = format!("/api/v1/grants/{}/refresh", self.grant);
        client.post(MANAGER, &path, json!({})).await?.done("refresh")?;
        let wanted = [(format!("/grants/{}/renewal/state", self.place), json!(state))];
        let tenant = format!("/api/v1/tenants/{}", self.scene.lab.stage.tenant);
        until(client, &wanted, async || client.get(MANAGER, &tenant).await).await?;
        Ok(())
    }

    /// An approved sum by team.
    async fn model(&self) -> Result<Model> {
        self.model_of("count(*) AS n, sum(amount) AS inc").await
    }

    /// Approved numbers by team.
    async fn model_of(&self, numbers: &str) -> Result<Model> {
        self.model_where("true", numbers).await
    }

    /// Approved numbers by team, of some.
    async fn model_where(&self, condition: &str, numbers: &str) -> Result<Model> {
        let path = format!("/api/v1/tenants/{}/models", self.scene.lab.stage.tenant);
        let sql = format!("SELECT team, {numbers} FROM {} WHERE {condition} GROUP BY team", self.table);
        let body = json!({ "name": "班组合计", "sql": sql, "entity": "person", "reversibility": "汇总" });
        let made = self.scene.lab.client.post(ENGINEER, &path, body).await?.done("model")?;
        let id = made.text("/id");
        self.scene.lab.approve(ENGINEER, &id).await?;
        Ok(Model { id, who: ENGINEER.to_owned() })
    }

    /// What leaves now.
    async fn released(&self, model: &Model, found: &mut Found) -> Result<Option<Released>> {
        let outcome = self.scene.lab.order_of(model, &[]).await?;
        found.told.push(outcome.told());
        Ok(match outcome {
            Outcome::Released(_, file) => Some(file),
            _ => None,
        })
    }

    /// A guess for each team of which something can be said.
    fn guess(&self, found: &mut Found, of: impl Fn(&str) -> Option<bool>) {
        for team in 0..TEAMS {
            if let Some(guessed) = of(&format!("T{team:02}")) {
                found.guesses.push(Guess::bit(guessed, self.secret(team)));
            }
        }
    }
}

fn sum(file: Option<&Released>, team: &str) -> Option<f64> {
    file?.number("team", team, "inc")
}

/// Nearer to having changed than to not.
fn changed(difference: f64) -> bool {
    difference > CHANGE as f64 / 2.0
}

fn changed_once<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "once").await?;
        let model = own.model().await?;
        let before = own.released(&model, &mut found).await?;
        own.renew(csv(|team, member| Some(amount(team, member) + own.more(team, member))), "ready").await?;
        let after = own.released(&model, &mut found).await?;
        own.guess(&mut found, |team| Some(changed(sum(after.as_ref(), team)? - sum(before.as_ref(), team)?)));
        Ok(found)
    })
}

fn changed_later<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "later").await?;
        let model = own.model().await?;
        own.released(&model, &mut found).await?;
        let known = |member| if member == 1 { 10 } else { 0 };
        own.renew(csv(|team, member| Some(amount(team, member) + known(member))), "ready").await?;
        let second = own.released(&model, &mut found).await?;
        let third = csv(|team, member| Some(amount(team, member) + known(member) + own.more(team, member)));
        own.renew(third, "ready").await?;
        let third = own.released(&model, &mut found).await?;
        own.guess(&mut found, |team| Some(changed(sum(third.as_ref(), team)? - sum(second.as_ref(), team)?)));
        Ok(found)
    })
}

fn there_and_back<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "back").await?;
        let model = own.model().await?;
        let exact = own.released(&model, &mut found).await?;
        own.renew(csv(|team, member| Some(amount(team, member) + own.more(team, member))), "ready").await?;
        let secret = own.released(&model, &mut found).await?;
        // The first state again: what it has more than the exact sums is its noise.
        own.renew(at_first(), "ready").await?;
        let back = own.released(&model, &mut found).await?;
        own.guess(&mut found, |team| {
            let noise = sum(back.as_ref(), team)? - sum(exact.as_ref(), team)?;
            Some(changed(sum(secret.as_ref(), team)? - noise - sum(exact.as_ref(), team)?))
        });
        Ok(found)
    })
}

fn left<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "left").await?;
        let model = own.model().await?;
        let before = own.released(&model, &mut found).await?;
        let gone = |team, member| member == 0 && own.secret(team);
        own.renew(csv(|team, member| (!gone(team, member)).then(|| amount(team, member))), "ready").await?;
        let after = own.released(&model, &mut found).await?;
        let there = |team: &str| after.as_ref().is_some_and(|file| file.number("team", team, "n").is_some());
        let missing = (0..TEAMS).filter(|team| !there(&format!("T{team:02}"))).count();
        if (1..TEAMS).contains(&missing) {
            own.guess(&mut found, |team| Some(!there(team)));
        } else {
            let count = |file: Option<&Released>, team: &str| file?.number("team", team, "n");
            own.guess(&mut found, |team| Some(count(after.as_ref(), team)? < count(before.as_ref(), team)?));
        }
        Ok(found)
    })
}

fn exact_again<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "exact").await?;
        let model = own.model().await?;
        let before = own.released(&model, &mut found).await?;
        own.renew(csv(|team, member| Some(amount(team, member) + own.more(team, member))), "ready").await?;
        let after = own.released(&model, &mut found).await?;
        own.guess(&mut found, |team| Some(sum(after.as_ref(), team)? != sum(before.as_ref(), team)?));
        Ok(found)
    })
}

fn strangers<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let own = Standing::new(scene, "strange").await?;
        let client = scene.lab.client;
        upload(client, PROVIDER, &own.resource, csv(|team, member| Some(amount(team, member) + 10))).await?;
        let path = format!("/api/v1/grants/{}/refresh", own.grant);
        for who in [ENGINEER, OTHER_MANAGER, "market.officer", "supervisor.one", "buyer.bank", "citizen.wang"]
        {
            let answer = client.post(who, &path, json!({})).await?;
            found.forms += 1;
            found.expect(matches!(answer.status, 403 | 404), || format!("{who}: {}", answer.shown()));
        }
        let listed = format!("/api/v1/resources/{}/grants", own.resource);
        for who in [OTHER_MANAGER, "market.officer", "buyer.bank"] {
            let answer = client.get(who, &listed).await?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            found.expect(!text.contains(&own.grant), || format!("{who} sees the grant: {}", answer.shown()));
        }
        Ok(found)
    })
}

/// The same rows once more: nothing has to be made, and the same exact numbers leave again.
fn delivered_again<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let own = Standing::new(scene, "again").await?;
        let model = own.model().await?;
        let before = own.released(&model, &mut found).await?;
        let text = at_first();
        let (head, rows) = text.split_once('\n').context("head")?;
        let turned = rows.lines().rev().fold(format!("{head}\n"), |all, line| all + line + "\n");
        own.renew(turned, "same").await?;
        let after = own.released(&model, &mut found).await?;
        for team in (0..TEAMS).map(|team| format!("T{team:02}")) {
            let (was, is) = (sum(before.as_ref(), &team), sum(after.as_ref(), &team));
            found.expect(was.is_some() && was == is, || format!("{team}: {was:?}, then {is:?}"));
        }
        Ok(found)
    })
}

/// A month later: a few came, many have more. All teams leave, near enough to be used.
fn delivered_anew<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let own = Standing::new(scene, "anew").await?;
        let model = own.model().await?;
        let before = own.released(&model, &mut found).await?;
        let now = |team: usize, member: usize| amount(team, member) + 10 * (member as u64 % 7);
        own.renew(csv(|team, member| (team % 3 != 0 || member != 5).then(|| now(team, member))), "ready")
            .await?;
        let after = own.released(&model, &mut found).await?;
        for team in 0..TEAMS {
            let name = format!("T{team:02}");
            let members = (0..=OTHERS).filter(|member| team % 3 != 0 || *member != 5);
            let truth: u64 = members.map(|member| now(team, member)).sum();
            let is = sum(after.as_ref(), &name);
            let near = is.is_some_and(|is| (is - truth as f64).abs() <= (6 * STEP_MAX) as f64);
            found.expect(near && sum(before.as_ref(), &name).is_some(), || {
                format!("{name}: {is:?} for {truth}")
            });
        }
        Ok(found)
    })
}
