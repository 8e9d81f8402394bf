use super::*;
use crate::calendar::tests::national;
use crate::case::{Context, clocks};
use crate::case::scenario::play;

#[test]
#[ignore]
fn dump() {
    let calendar = national();
    let zhejiang = zhejiang();
    let mut out = Vec::new();
    for id in ["zhejiang", "deqing", "xinchang", "yanan", "futian"] {
        let pack = match id {
            "zhejiang" => zhejiang.clone(),
            "deqing" | "xinchang" => parsed(&files(id), Some(&zhejiang)),
            _ => parsed(&files(id), None),
        };
        for scenario in &pack.scenarios {
            for n in 1..=scenario.given.len() {
                let mut part = scenario.clone();
                part.given.truncate(n);
                part.then.clear();
                let run = play(&pack, &calendar, &part);
                let now = part.given[n - 1].on.start_at(28_800).plus_seconds(36_000);
                let context = Context { pack: &pack, calendar: &calendar, now };
                let folded = crate::case::fold(&run.events); let state = folded.as_ref();
                let touched: Vec<&Vec<String>> = run.events.iter().map(|event| &event.clauses).collect();
                let dues: Vec<(String, Option<String>)> = state
                    .map(|state| clocks(state, &context))
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|view| view.done_on.is_none())
                    .map(|view| (view.step, view.due.map(|due| due.to_string())))
                    .collect();
                out.push(serde_json::json!({
                    "pack": id, "scenario": scenario.name, "procedure": scenario.procedure, "n": n,
                    "date": part.given[n-1].on.to_string(),
                    "step": state.and_then(|state| state.step.as_ref()).map(|open| open.step.clone()),
                    "units": state.and_then(|state| state.step.as_ref()).map(|open| open.seats.iter().map(|seat| seat.unit.clone()).collect::<Vec<_>>()),
                    "opener": state.map(|state| state.opener.unit.clone()),
                    "awaiting": state.is_some_and(|state| state.awaiting.is_some()),
                    "ended": state.and_then(|state| state.ended.as_ref()).map(|end| end.outcome.clone()),
                    "refused": run.refused.as_ref().map(|refused| refused.clauses.clone()),
                    "code": run.refused.as_ref().map(|refused| refused.code),
                    "dues": dues, "touched": touched,
                }));
            }
        }
        std::fs::write(format!("/tmp/shuyu/w/k3-out/pack-{id}.json"), serde_json::to_string(&pack).unwrap()).unwrap();
        let proofs = crate::pack::proof(&pack, &calendar);
        std::fs::write(format!("/tmp/shuyu/w/k3-out/proof-{id}.json"), serde_json::to_string(&proofs).unwrap()).unwrap();
        let found = crate::pack::lint(&pack, &calendar, "2026-03-02".parse().unwrap());
        std::fs::write(format!("/tmp/shuyu/w/k3-out/lint-{id}.json"), serde_json::to_string(&found).unwrap()).unwrap();
    }
    std::fs::write("/tmp/shuyu/w/k3-out/dump.json", serde_json::to_string(&out).unwrap()).unwrap();
}
