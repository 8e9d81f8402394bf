//! What is known of a query before it is ordered, for its author: lineage, labels and thresholds of what it yields, or why it
//! would be refused and the nearest query that would not.

use std::sync::Arc;

use privacy::ir::{self, Advice, ChangeKind, Mode, Terms};

use super::parameters::domains;
use super::parse::on_large_stack;
use super::relations::Translator;
use super::release::{policy, translated};
use crate::Error;
use crate::protocol::{Advised, Changed, ExplainOrder, Explained, Nearby};
use crate::session::Session;

/// Explains a query.
pub(crate) async fn explain_release(session: &Arc<Session>, order: ExplainOrder) -> Result<Explained, Error> {
    on_large_stack(session, move |session| {
        let ExplainOrder { check, thresholds, price } = order;
        let (rel, translator) = match translated(session, &check.sql, &check.parameters) {
            Ok(found) => found,
            // A matter of form: nothing was understood that could be repaired.
            Err(Error::Refused(refusal)) => {
                let (why_zh, why_en) = Default::default();
                let advised = Advised { refusal: *refusal, why_zh, why_en, nearest: None };
                return Ok(Explained::Refused(Box::new(advised)));
            }
            Err(fault) => return Err(fault),
        };
        let policy = policy(&session.tables());
        let terms = Terms {
            parameters: domains(&check.parameters),
            // What carries noise is not held back as well.
            thresholds: Some(thresholds).filter(|_| price.is_none()),
            price,
            ..Terms::new(if price.is_some() { Mode::Statistics } else { Mode::Order })
        };
        if let Err(advice) = ir::advise(&rel, &policy, &terms) {
            return Ok(Explained::Refused(Box::new(advised(*advice, &translator))));
        }
        let mut found = ir::explain(&rel, &policy, &terms).map_err(|_| Error::RunFailed)?;
        for output in &mut found.outputs {
            output.name = translator.spoken(&output.name);
        }
        Ok(Explained::Accepted(Box::new(found)))
    })
    .await
}

fn advised(advice: Advice, translator: &Translator) -> Advised {
    let rule = advice.refusal.rule;
    let changed = |change: ir::Change| {
        let kind: ChangeKind = change.kind;
        Changed {
            code: kind.code().to_owned(),
            zh: kind.text_zh().to_owned(),
            en: kind.text_en().to_owned(),
            subject: translator.spoken(&change.subject),
        }
    };
    let mut refusal = super::Refusal::from(advice.refusal);
    refusal.subject = refusal.subject.map(|subject| translator.spoken(&subject));
    Advised {
        refusal,
        why_zh: rule.why_zh().to_owned(),
        why_en: rule.why_en().to_owned(),
        nearest: advice.nearest.map(|nearest| Nearby {
            sql: nearest.sql,
            changes: nearest.changes.into_iter().map(changed).collect(),
        }),
    }
}
