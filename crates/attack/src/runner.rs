//! Makes attacks and their twins, and judges what came of them.

use std::time::Instant;

use anyhow::Result;

use crate::attack::{Attack, Benign, Found, Kind, Scene, Verdict};
use crate::lab::{Model, Outcome, Parameter};
use crate::population::Population;
use crate::rewrites::{Form, forms};
use crate::score::{Guess, Score};
use crate::stage::ENGINEER;
use crate::{estate, lab::Lab, read};

/// Makes one attack and its twin.
pub(crate) async fn judge(attack: &Attack, number: usize, lab: &Lab<'_>, population: &Population) -> Verdict {
    let begun = Instant::now();
    let scene = |plot: usize| population.plots.get(plot).map(|plot| Scene { lab, population, plot });
    let made = match scene(number * 2) {
        Some(scene) => attempt(attack, number, &scene).await,
        None => Err(anyhow::anyhow!("no plot")),
    };
    let twin = match scene(number * 2 + 1) {
        Some(scene) => benign(attack, number, &scene).await,
        None => Err(anyhow::anyhow!("no plot")),
    };
    let mut findings = Vec::new();
    let found = made.unwrap_or_else(|error| {
        // An attack that could not be made proves nothing.
        Found { violations: vec![format!("the attack could not be made: {error:#}")], ..Found::default() }
    });
    let score = Score::of(&found.guesses);
    if score.bits > 0.0 {
        findings.push(format!(
            "{} of {} guesses right: {:.1} bits; {}",
            score.right,
            score.guesses,
            score.bits,
            found.told.join("; ")
        ));
    }
    let blocked = score.bits <= 0.0 && found.violations.is_empty();
    findings.extend(found.violations.iter().cloned());
    let wrong = match twin {
        Ok(found) => found.violations,
        Err(error) => vec![format!("could not be made: {error:#}")],
    };
    let twin_passed = wrong.is_empty();
    findings.extend(wrong.into_iter().map(|line| format!("benign twin: {line}")));
    Verdict {
        class: attack.class,
        id: attack.id,
        title: attack.title,
        blocked,
        score,
        forms: found.forms.max(1),
        twin_passed,
        findings,
        answers: found.told,
        seconds: begun.elapsed().as_secs_f64(),
    }
}

async fn attempt(attack: &Attack, number: usize, scene: &Scene<'_>) -> Result<Found> {
    match attack.kind {
        Kind::Query(template) => query(template, number, scene).await,
        Kind::Oracle(template) => oracle(template, scene, false).await,
        Kind::Timing(template) => oracle(template, scene, true).await,
        Kind::Denied(probes) => estate::denied(probes, scene).await,
        Kind::Steps(step) => step(scene).await,
    }
}

/// One query in every form. The guard judges all of them; of those that it lets pass, the first and one more in turn are
/// ordered and released. The form that tells most counts.
async fn query(template: &str, number: usize, scene: &Scene<'_>) -> Result<Found> {
    let mut found = Found::default();
    let mut passed = Vec::new();
    for form in forms(template, &scene.lab.stage.tables, &scene.plot.district) {
        found.forms += 1;
        let made = scene.lab.submit(ENGINEER, &form.sql, &form.parameters).await?;
        if made.is_ok() {
            passed.push((form, made.text("/id")));
        } else {
            found.told.push(format!("{}: refused: {}", form.name, made.code()));
        }
    }
    let turn = 1 + number % passed.len().saturating_sub(1).max(1);
    for (form, id) in passed.iter().take(1).chain(passed.get(turn)) {
        scene.lab.approve(ENGINEER, id).await?;
        let model = Model { id: id.clone(), who: ENGINEER.to_owned() };
        let outcome = scene.lab.order_of(&model, &form.values()).await?;
        found.told.push(format!("{}: {}", form.name, outcome.told()));
        if let Some(file) = outcome.released() {
            let guesses = read::secrets(file, scene.plot);
            if Score::of(&guesses).bits > Score::of(&found.guesses).bits || found.guesses.is_empty() {
                found.guesses = guesses;
            }
        }
    }
    Ok(found)
}

/// One query, once for each target; what differs between runs is taken for the flag.
async fn oracle(template: &str, scene: &Scene<'_>, timed: bool) -> Result<Found> {
    let villages: Vec<String> = scene.plot.targets().iter().map(|person| person.village.clone()).collect();
    let sql = scene.fill(template);
    let mut found = Found { forms: 1, ..Found::default() };
    let model =
        match scene.lab.model(ENGINEER, &sql, &[Parameter::new("v", "text", villages.clone())]).await? {
            Ok(model) => model,
            Err(refused) => {
                found.told.push(format!("refused: {}", refused.code()));
                return Ok(found);
            }
        };
    let mut seen: Vec<Vec<f64>> = Vec::new();
    for village in &villages {
        let outcome = scene.lab.order_of(&model, &[("v", village)]).await?;
        seen.push(features(&outcome, timed));
        if seen.len() == 1 {
            found.told.push(outcome.told());
        }
    }
    let truth: Vec<bool> = scene.plot.targets().iter().map(|person| person.flag).collect();
    let kinds = seen.first().map_or(0, Vec::len);
    for kind in 0..kinds {
        let values: Vec<f64> = seen.iter().filter_map(|one| one.get(kind).copied()).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(0.0));
        if most <= least || values.len() != truth.len() {
            continue;
        }
        // Times spread; everything else has two values.
        let middle =
            if timed { sorted.get(sorted.len() / 2).copied().unwrap_or(0.0) } else { least.midpoint(most) };
        let guesses: Vec<Guess> =
            values.iter().zip(&truth).map(|(value, truth)| Guess::bit(*value > middle, *truth)).collect();
        if Score::of(&guesses).bits >= Score::of(&found.guesses).bits {
            found.guesses = guesses;
        }
    }
    Ok(found)
}

/// What the author of an order can tell runs apart by. More means that the flag is set.
fn features(outcome: &Outcome, timed: bool) -> Vec<f64> {
    let (run, file) = match outcome {
        Outcome::Refused(_) => return vec![0.0; 4],
        Outcome::Failed(run) | Outcome::Kept(run) => (run, None),
        Outcome::Released(run, file) => (run, Some(file)),
    };
    if timed {
        return vec![run.micros as f64];
    }
    let rows = run.rows.map_or(0.0, |rows| rows as f64);
    let failed = if run.state == "failed" { 1.0 } else { 0.0 };
    let released = file.map_or(0.0, |file| file.rows.len() as f64);
    let first = file.and_then(|file| file.rows.first()?.last()?.parse::<f64>().ok()).unwrap_or(0.0);
    vec![rows, failed, released, first]
}

async fn benign(attack: &Attack, number: usize, scene: &Scene<'_>) -> Result<Found> {
    match attack.twin {
        Benign::Steps(step) => step(scene).await,
        Benign::Allowed(probes) => estate::allowed(probes, scene).await,
        Benign::Query(template, rows) => {
            let mut found = Found::default();
            let all = forms(template, &scene.lab.stage.tables, &scene.plot.district);
            // The plain form always, another one in turn; a union with itself is no honest form.
            let honest: Vec<Form> = all.into_iter().filter(|form| form.name != "union").collect();
            let turn = 1 + number % honest.len().saturating_sub(1).max(1);
            for form in honest.iter().take(1).chain(honest.get(turn)) {
                let outcome = scene.lab.order(&form.sql, &form.parameters, &form.values()).await?;
                found.expect(outcome.released().is_some_and(|file| file.rows.len() >= rows), || {
                    format!("{} of {} row(s) wanted, {}: {}", form.name, rows, outcome.told(), form.sql)
                });
            }
            Ok(found)
        }
    }
}
