//! What would become of a query on raw data, as the workbench shows it.

use app::privacy::disclosure::dp::Mechanism;
use app::privacy::ir::{Explanation, Label, Number, Source, Stage};
use app::{Advised, Explained, Nearby};

use super::common::data_type;
use super::statistics::milli;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::workbench::{ExplainedOutput, ExplainedRefusal, QueryExplained};

/// Parts per million in one per cent.
const PPM_OF_PERCENT: u32 = 10_000;

pub(super) fn explained(visit: &Visit, found: &Explained) -> QueryExplained {
    match found {
        Explained::Accepted(found) => accepted(visit, found),
        Explained::Refused(found) => {
            QueryExplained { refusal: Some(refused(visit, found)), ..QueryExplained::default() }
        }
    }
}

fn accepted(visit: &Visit, found: &Explanation) -> QueryExplained {
    let sources = |sources: &std::collections::BTreeSet<Source>| {
        sources.iter().map(|source| format!("{}.{}", source.resource, source.column)).collect()
    };
    let outputs = found.outputs.iter().map(|output| ExplainedOutput {
        name: output.name.clone(),
        data_type: data_type(visit, output.data_type),
        sources: sources(&output.sources),
        selected_by: sources(&output.selected_by),
        label: visit.text(label(output.label)),
        stages: output.stages.iter().map(|one| visit.text(stage(*one))).collect(),
        key: output.key,
        noise: noise(&output.numbers),
    });
    let threshold = found.outputs.iter().find_map(|output| output.threshold);
    let mut kinds: Vec<String> =
        found.entities.iter().map(|need| words::entity(visit, &need.entity.kind)).collect();
    kinds.dedup();
    let terms = match threshold {
        Some(of) => visit.text_with(
            "explained-terms",
            &[
                ("count", &of.min_entities.to_string()),
                ("entities", &kinds.join(" / ")),
                ("share", &of.max_dominance_ppm.div_ceil(PPM_OF_PERCENT).to_string()),
                ("margin", &(of.margin_ppm / PPM_OF_PERCENT).to_string()),
                ("noisy", &of.noisy_numbers_max.to_string()),
            ],
        ),
        None if found.cost.is_some() => {
            let cost = milli(found.cost.map_or(0, |cost| cost.micro));
            let cells = found.cells_max.unwrap_or_default().to_string();
            visit.text_with("explained-terms-statistic", &[("cost", &cost), ("cells", &cells)])
        }
        None => visit.text("explained-terms-none"),
    };
    QueryExplained { outputs: outputs.collect(), terms, refusal: None }
}

/// Half the width of the 95 % interval of what a column shows: of a number; of a mean's sum and count.
fn noise(numbers: &[Number]) -> String {
    let half = |number: &Number| Some(Mechanism::new(number.sensitivity, number.cost?).ok()?.half_width_95());
    let halves: Vec<String> = numbers.iter().filter_map(half).map(|half| format!("± {half}")).collect();
    halves.join(" / ")
}

fn refused(visit: &Visit, found: &Advised) -> ExplainedRefusal {
    let refusal = &found.refusal;
    let changes = |nearest: &Nearby| {
        let said = nearest.changes.iter().map(|change| {
            let what = visit.pick(&change.zh, &change.en);
            if change.subject.is_empty() {
                what
            } else {
                visit.text_with("explained-change", &[("what", &what), ("subject", &change.subject)])
            }
        });
        said.collect()
    };
    ExplainedRefusal {
        code: refusal.code.clone(),
        message: visit.error_words(&refusal.code).0,
        place: refusal.subject.clone().unwrap_or_default(),
        why: visit.pick(&found.why_zh, &found.why_en),
        legal: visit.pick(&refusal.legal_form_zh, &refusal.legal_form_en),
        nearest: found.nearest.as_ref().map(|nearest| nearest.sql.clone()).unwrap_or_default(),
        changes: found.nearest.as_ref().map(changes).unwrap_or_default(),
    }
}

const fn label(label: Label) -> &'static str {
    match label {
        Label::Public => "label-public",
        Label::Quasi => "label-quasi",
        Label::Sensitive => "label-sensitive",
        Label::Identifier => "label-identifier",
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Public => "stage-public",
        Stage::Private => "stage-private",
        Stage::UnitPreserving => "stage-unit-preserving",
        Stage::Aggregated => "stage-aggregated",
        Stage::Perturbed => "stage-perturbed",
        Stage::Released => "stage-released",
    }
}
