//! What a run says: a table, the findings, and everything as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::attack::{Class, Verdict};
use crate::client::Spill;
use crate::search::Searched;

/// All of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    pub(crate) set_up: Vec<String>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) search: Searched,
    /// Raw identifiers in answers to anybody but their provider.
    pub(crate) spills: Vec<Spill>,
    /// What the server does not have yet, so that nothing attacks it.
    pub(crate) absent: &'static [&'static str],
}

impl Report {
    /// No bit, every twin, and nothing that must not happen.
    pub(crate) fn is_clean(&self) -> bool {
        self.spills.is_empty()
            && self.search.score.bits <= 0.0
            && self.verdicts.iter().all(|verdict| verdict.blocked && verdict.twin_passed)
    }

    /// For a terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let line = |text: &mut String, cells: [&str; 6]| {
            let [class, attacks, forms, blocked, bits, twins] = cells;
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{class:<34} {attacks:>8} {forms:>6} {blocked:>8} {bits:>10} {twins:>12}");
        };
        line(&mut text, ["class", "attacks", "forms", "blocked", "bits", "twins passed"]);
        for class in Class::ALL {
            let own: Vec<&Verdict> = self.verdicts.iter().filter(|verdict| verdict.class == class).collect();
            row(&mut text, class.title(), &own, &line);
        }
        let all: Vec<&Verdict> = self.verdicts.iter().collect();
        row(&mut text, "all", &all, &line);
        let _ = writeln!(
            text,
            "search: {} queries of the grammar, {} released, {} of {} guesses right, {:.1} bits",
            self.search.tried,
            self.search.released,
            self.search.score.right,
            self.search.score.guesses,
            self.search.score.bits
        );
        for verdict in self.verdicts.iter().filter(|verdict| !verdict.findings.is_empty()) {
            let _ = writeln!(text, "\n{} {}", verdict.id, verdict.title);
            for finding in &verdict.findings {
                let _ = writeln!(text, "    {finding}");
            }
        }
        for spill in &self.spills {
            let _ = writeln!(
                text,
                "\n{} raw identifier(s) in the answer to {}: {}",
                spill.identifiers, spill.who, spill.call
            );
        }
        let _ = writeln!(text, "\nabsent from the server, and not attacked:");
        for absent in self.absent {
            let _ = writeln!(text, "    {absent}");
        }
        let _ = writeln!(text, "\nseed {}, {:.0} s", self.seed, self.seconds);
        text
    }
}

fn row(text: &mut String, title: &str, own: &[&Verdict], line: &impl Fn(&mut String, [&str; 6])) {
    let blocked = own.iter().filter(|verdict| verdict.blocked).count();
    let passed = own.iter().filter(|verdict| verdict.twin_passed).count();
    let forms: usize = own.iter().map(|verdict| verdict.forms).sum();
    let bits: f64 = own.iter().map(|verdict| verdict.score.bits).sum();
    line(
        text,
        [
            title,
            &own.len().to_string(),
            &forms.to_string(),
            &blocked.to_string(),
            // Adding nothing makes -0.0, which sums of none are, a plain 0.0.
            &format!("{:.1}", bits + 0.0),
            &format!("{passed}/{}", own.len()),
        ],
    );
}
